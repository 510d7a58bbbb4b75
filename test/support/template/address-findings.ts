// Reads the routes, function URLs and invoke permissions of a template.
import { functionsOf, resourcesOf, textOf, type Template } from './template.ts';

export interface Addresses {
  /** Routes of the HTTP API, by function. */
  routes: Map<string, string[]>;
  /** Functions with a function URL. */
  urls: string[];
}

export function addressesOf(template: Template): Addresses {
  const names = new Map(functionsOf(template).map(({ logicalId, name }) => [logicalId, name]));
  const nameOf = (value: unknown) => names.get(/\w+LambdaFunction/.exec(JSON.stringify(value))?.[0] ?? '') ?? '';
  const routes = new Map<string, string[]>();
  for (const [, { Properties }] of resourcesOf(template, 'AWS::ApiGatewayV2::Route')) {
    const integration = /HttpApiIntegration\w+/.exec(JSON.stringify(Properties['Target']))?.[0] ?? '';
    const name = nameOf(template.Resources[integration]?.Properties['IntegrationUri']);
    routes.set(name, [...(routes.get(name) ?? []), String(Properties['RouteKey'])]);
  }
  const urls = resourcesOf(template, 'AWS::Lambda::Url').map(([, { Properties }]) =>
    nameOf(Properties['TargetFunctionArn']),
  );
  return { routes, urls: urls.toSorted() };
}

/** Formats each permission to call a function as `function: principal action condition`. */
export function permissionsOf(template: Template): string[] {
  const names = new Map(functionsOf(template).map(({ logicalId, name }) => [logicalId, name]));
  return resourcesOf(template, 'AWS::Lambda::Permission').map(([, { Properties }]) => {
    const { FunctionName, Principal, Action, FunctionUrlAuthType, InvokedViaFunctionUrl, SourceArn } = Properties;
    const name = names.get(/\w+LambdaFunction/.exec(textOf(FunctionName))?.[0] ?? '');
    const condition = FunctionUrlAuthType ?? (InvokedViaFunctionUrl ? 'via URL' : SourceArn && 'from a source');
    return `${name}: ${String(Principal)} ${String(Action)} ${String(condition)}`;
  });
}
