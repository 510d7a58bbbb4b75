/**
 * The ways in which a buyer gets a sold item: by a carrier, by a courier of the same city, without an object, or by
 * collecting the item.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export const DELIVERIES = ['express', 'same-city', 'virtual', 'pickup'] as const;

export type Delivery = (typeof DELIVERIES)[number];
