import { z } from 'zod';

const readyLine = z.looseObject({ event: z.string().regex(/(^|[.-])ready$/) });
const LONGEST_LINE = 65_536;

/** Whether a line of a process's output says that it is ready: JSON whose `event` is `ready` or ends so. */
function isReadyLine(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    return readyLine.safeParse(JSON.parse(line)).success;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Feed it the output in whatever pieces it comes; it says once when the ready line was among them. */
export function readyWatcher(onReady: () => void): (chunk: Buffer) => void {
  let rest = '';
  let done = false;
  return (chunk) => {
    if (done) return;
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = (lines.pop() ?? '').slice(-LONGEST_LINE);
    if (lines.some(isReadyLine)) {
      done = true;
      onReady();
    }
  };
}
