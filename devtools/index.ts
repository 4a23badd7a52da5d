/** `ophion/devtools`: look inside a running system. */
export { formatTree, inspectTree, type TreeNode, totalRestarts } from './tree.ts';
