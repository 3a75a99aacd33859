/** What a route may set; `settings.schema.json` says what each is for. */
export interface Settings {
  shop_name?: string;
  prefix: string;
  shipping_product: string;
  fallback_product?: string;
  unit: string;
  payment_term?: string;
  warehouse?: string;
  accept_pending: boolean;
  subdivisions: boolean;
  price_digits: number;
}

/** What holds where a route sets nothing. */
export const DEFAULTS: Settings = {
  prefix: "WC-",
  shipping_product: "FRETE",
  unit: "Unit",
  accept_pending: false,
  subdivisions: true,
  price_digits: 4,
};
