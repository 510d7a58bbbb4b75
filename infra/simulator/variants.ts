/**
 * Behaviours that occur only for some accounts, clients or moments, by target. `POST /_faults` plans them, and
 * `Faults.takeVariant` uses them where they act. A behaviour that always occurs is the default of the simulator and
 * needs no entry. A comment names the source of each entry.
 */
export const VARIANTS = {} satisfies Record<string, readonly string[]>;

export type VariantTarget = keyof typeof VARIANTS;
export type Variant<Target extends VariantTarget> = (typeof VARIANTS)[Target][number];
