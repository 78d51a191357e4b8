//! The WHATWG Streams Standard as a sans-IO core, and the codecs that large files need.
