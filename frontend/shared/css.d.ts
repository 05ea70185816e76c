// The build puts a widget's style sheets into static/<widget>.css; importing one gives nothing.
declare module "*.css";
