export { assertConforms, type ConformanceOptions } from './assert-conforms.js';
