import type { Reason } from '#core/gates/reason.ts';
import type { Rotation, RotationOutcome, RotationStep } from '#core/machines/rotation.ts';

/** What becomes of a switch from one name to another. */
export type RotationEvent =
  | { readonly type: 'rotation_proposed'; readonly rotation: Rotation }
  /** A person agreed: what is to be sold of the first name, and what is bought of the second. */
  | {
      readonly type: 'rotation_agreed';
      readonly ticketId: string;
      readonly by: string;
      readonly heldQuantity: number;
      readonly workingQuantity: number;
      readonly sellQuantity: number;
      readonly quantity: number;
      readonly limit: number;
    }
  | {
      readonly type: 'rotation_moved';
      readonly ticketId: string;
      readonly from: RotationStep;
      readonly to: Exclude<RotationStep, 'proposed' | 'ended'>;
      /** Who said so; null: the book did. */
      readonly by: string | null;
      /** Shares of the first name bought after its cancel was asked for. */
      readonly filledQuantity: number;
      /** To be sold by a person's word from now on. */
      readonly sellQuantity: number;
      readonly freedMinor: number | null;
    }
  | {
      readonly type: 'rotation_ended';
      readonly ticketId: string;
      readonly outcome: RotationOutcome;
      readonly by: string | null;
      readonly filledQuantity: number;
      readonly boughtQuantity: number;
      readonly reason: Reason | null;
    };
