import { serveDownloads } from 'tidegate';

serveDownloads();
