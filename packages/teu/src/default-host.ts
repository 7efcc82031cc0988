// SPDX-License-Identifier: Apache-2.0

/** Where `teu` looks for its engine when nothing names one. @public */
export const defaultHost = 'unix:///run/teu/engine.sock'
