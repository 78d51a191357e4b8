/**
 * `tidegate/multipart`: forms with files as streams, of any size: `multipart/form-data` and other multipart bodies.
 *
 * @module
 */
export { MultipartError, type MultipartErrorCode } from './multipart/error.js';
export {
  multipartParts,
  type MultipartMessage,
  type MultipartPart,
  type MultipartPartsOptions,
} from './multipart/parts.js';
export {
  multipart,
  type MultipartBody,
  type MultipartContent,
  type MultipartOptions,
  type MultipartPartInput,
  type MultipartParts,
} from './multipart/write.js';
