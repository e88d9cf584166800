#!/usr/bin/env node
// A file of its own, because npm links commands at install time, when nothing in dist is built yet.
import '../dist/main.js';
