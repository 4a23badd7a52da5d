/** How texts are coloured: picocolors' functions where the reader has colours, and `plain` where not. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

const as = (text: string): string => text;

export const plain: Paint = { bold: as, dim: as, red: as, green: as, yellow: as, cyan: as };
