// The build puts a widget's style sheets into static/<widget>.css; importing one gives nothing.
declare module "*.css";
// The tests' kernel sends the script that is built of a module (vitest.config.ts).
declare module "*?script" {
  const script: string;
  export default script;
}
