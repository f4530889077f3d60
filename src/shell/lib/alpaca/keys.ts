/** A key pair of one account. Secret: it goes into headers and sign-on messages, nowhere else. */
export type AlpacaKeys = { readonly keyId: string; readonly secretKey: string };

/** `text` without either key, whoever put it there. */
export function withoutKeys(keys: AlpacaKeys, text: string): string {
  return [keys.secretKey, keys.keyId].reduce(
    (clean, key) => (key === '' ? clean : clean.replaceAll(key, '[hidden]')),
    text,
  );
}
