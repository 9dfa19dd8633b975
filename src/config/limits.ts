/** How many customers an MSSP of a tier may have; 0: unlimited. */
export const TIER_CUSTOMERS = { starter: 10, professional: 50, enterprise: 0 } as const;
export type Tier = keyof typeof TIER_CUSTOMERS;
export type Edition = 'community' | 'enterprise';

/** How much an edition allows; Infinity: unlimited. */
export const EDITION_LIMITS: Readonly<Record<Edition, { readonly mssps: number; readonly agentsPerCustomer: number }>> = {
  community: { mssps: 1, agentsPerCustomer: 50 },
  enterprise: { mssps: Infinity, agentsPerCustomer: Infinity },
};

interface CustomerLimits {
  readonly tier: Tier;
  readonly max_customers: number | null;
}

/** The most customers that an MSSP may have, Infinity for unlimited: `max_customers`, else what its tier gives. */
export function customerLimit(mssp: CustomerLimits): number {
  const limit = mssp.max_customers ?? TIER_CUSTOMERS[mssp.tier];
  return limit === 0 ? Infinity : limit;
}

/** The same in words: `tier "starter" allows 10 customers`. */
export function customerLimitText(mssp: CustomerLimits): string {
  return `${mssp.max_customers === null ? `tier "${mssp.tier}"` : 'max_customers'} allows ${customerLimit(mssp)} customers`;
}
