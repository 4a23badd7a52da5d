/** Keeps a fault in showing one thing from blanking the rest: data of another version may lack a field. */
import { Component, type ComponentChildren } from 'preact';

interface Props {
  readonly what: string;
  /** Is called inside, so that what it throws is caught. */
  readonly children: () => ComponentChildren;
}

export class Boundary extends Component<Props, { readonly error: Error | undefined }> {
  override state: { readonly error: Error | undefined } = { error: undefined };

  static override getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate(before: Props): void {
    // New data may be whole again.
    if (this.state.error !== undefined && before.children !== this.props.children) this.setState({ error: undefined });
  }

  override render(): ComponentChildren {
    const { error } = this.state;
    if (error === undefined) return <Body render={this.props.children} />;
    return (
      <p class="fault" role="alert">
        {this.props.what} cannot be shown: {error.message}{' '}
        <button type="button" onClick={() => this.setState({ error: undefined })}>
          try again
        </button>
      </p>
    );
  }
}

function Body({ render }: { readonly render: () => ComponentChildren }) {
  return <>{render()}</>;
}
