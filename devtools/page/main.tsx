/** The page of the dev tools: connects to the host that it came from, and draws. */
import { render } from 'preact';
import { connect } from './data/connection.ts';
import './data/theme.ts';
import { App } from './shell/app.tsx';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/layout.css';
import './style/tables.css';
import './style/figures.css';
import './style/forms.css';
import './style/previews.css';
import './style/pictures.css';
import './style/views.css';

const place = document.getElementById('page');
if (place !== null) render(<App />, place);
connect();
