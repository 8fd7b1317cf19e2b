declare module 'sodium-native' {
  const sodium: {
    /** Throws on arguments of another length or type. */
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean;
  };
  export default sodium;
}
