import { DISK, type LogFile, type LogFiles } from '#services/runtime/log/log-files';

/** The disk, whose journals take nothing while it is full. */
export function diskThatFills(isFull: () => boolean): LogFiles {
  return {
    ...DISK,
    open: async (path, flags) => {
      const file = await DISK.open(path, flags);
      return {
        write: (...input: Parameters<typeof file.write>) => {
          if (isFull() && path.includes('.journal'))
            throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
          return file.write(...input);
        },
        datasync: () => file.datasync(),
        sync: () => file.sync(),
        truncate: (length) => file.truncate(length),
        close: () => file.close(),
      } as LogFile;
    },
  };
}
