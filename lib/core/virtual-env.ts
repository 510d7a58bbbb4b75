/** The environments of virtual payment. Each has its own key, and no order belongs to both. */
export type VirtualEnv = 'live' | 'sandbox';
