/** One place where secrets lie. */
export interface SecretPlace {
  /** The setting by which somebody chose it: `SECRETS_DIR`, `VAULT_ADDR`. */
  readonly setting: string;
  /** Somebody keeps secrets there on purpose; the environment is shared with everything else. */
  readonly isManager: boolean;
  /** All that is there now. Rejects with SecretsError within a time of its own. */
  read(): Promise<ReadonlyMap<string, string>>;
}

/** A place that can be written to, by tools. */
export interface WritablePlace extends SecretPlace {
  /**
   * Changes one secret, provided that nobody else has meanwhile: `change` sees what is there and may be asked again after a
   * conflict; when it answers undefined nothing is written. Whoever is killed meanwhile leaves the old or the new, whole.
   * Rejects with SecretsError where this place cannot be written to.
   */
  change(name: string, change: (present: string | undefined) => string | undefined): Promise<void>;
}

/** How a secret is called: as its setting is. */
export const SECRET_NAME = /^[A-Z][A-Z0-9_]{0,99}$/;
