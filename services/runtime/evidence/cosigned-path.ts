/** Name of the file with a witness's latest note of a log. */
export const LATEST_COSIGNED = 'latest';

/** Where a witness's notes of a log stand, below the log's folder in public files: the hour's, or the latest. */
export function cosignedPath(witnessId: string, file: string | number): string {
  return `cosigned/${witnessId}/${file}`;
}
