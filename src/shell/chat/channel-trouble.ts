/** Something is wrong with a channel, or no longer is (`null`). Told once an episode. */
export type ChannelTrouble = {
  readonly code: 'unauthorized' | 'conflict' | 'unreachable' | 'refused';
  readonly message: string;
  readonly since: number;
};
