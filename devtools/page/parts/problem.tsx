/** What a view says while it has nothing to show. */
export function Problem({ error, loaded }: { readonly error: Error | undefined; readonly loaded: boolean }) {
  if (error !== undefined) {
    return (
      <p class="fault" role="alert">
        {error.message}
      </p>
    );
  }
  return loaded ? null : <p class="none">Waiting for the host…</p>;
}
