/**
 * Behaviours that occur only for some accounts, clients or moments, by target. `POST /_faults` plans them, and
 * `Faults.takeVariant` uses them where they act. A behaviour that always occurs is the default of the simulator and
 * needs no entry. A comment names the source of each entry.
 */
export const VARIANTS = {
  /**
   * Open data with the real name and picture instead of 微信用户 and a grey picture, as documented, and as old base
   * libraries and mini-programs that were released before the change return them: WxJava #2733, chronus #4.
   */
  encrypted: ['real-profile'],
} satisfies Record<string, readonly string[]>;

export type VariantTarget = keyof typeof VARIANTS;
export type Variant<Target extends VariantTarget> = (typeof VARIANTS)[Target][number];
