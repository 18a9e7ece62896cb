/** The console: an operator's page on the public REST interface of the service that serves it. */
import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './style/frame.css';
import './style/forms.css';
import './style/parts.css';
import './style/charts.css';
import { App } from './app.tsx';
import { followSamples } from './samples.ts';

void followSamples();
render(<App />, document.body);
