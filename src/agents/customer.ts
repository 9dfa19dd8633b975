/** Customer ids are unique within their MSSP only. */
export interface CustomerKey {
  readonly msspId: string;
  readonly customerId: string;
}

/** One string a customer; ids hold no slash. */
export function keyOf({ msspId, customerId }: CustomerKey): string {
  return `${msspId}/${customerId}`;
}
