import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** One emitted declaration file, and what of it is wanted. */
interface DeclarationFile {
  readonly statements: readonly ts.Statement[];
  /** Names that stand for something in another file. */
  readonly elsewhere: ReadonlyMap<string, { readonly specifier: string; readonly name: string }>;
  readonly wanted: Set<ts.Statement>;
  readonly wantedImports: Set<string>;
}

/**
 * Writes a `.d.ts` beside each bundled entry, and of other files the types that those name and nothing else, so that
 * no type of a package, nor of the daemon's inside, reaches a user. Types are not checked: `npm run typecheck` does.
 * Throws TypeError when an exported type cannot do without a package.
 */
export function writeDeclarations(entries: readonly string[], { source, outdir }: { readonly source: string; readonly outdir: string }): void {
  const program = programOf(entries, source);
  const files = new Map<string, DeclarationFile>();

  function open(path: string): DeclarationFile {
    const file = files.get(path) ?? parse(emitted(program, path));
    files.set(path, file);
    return file;
  }

  function want(path: string, name: string): void {
    const { statements, elsewhere, wantedImports } = open(path);
    for (const statement of statements) if (declaredBy(statement).includes(name)) wantStatement(path, statement);
    const origin = elsewhere.get(name);
    if (origin === undefined || wantedImports.has(name)) return;
    wantedImports.add(name);
    want(declarationSource(path, origin.specifier), origin.name);
  }

  function wantStatement(path: string, statement: ts.Statement): void {
    const { wanted } = open(path);
    if (wanted.has(statement)) return;
    wanted.add(statement);
    for (const name of namesIn(statement)) want(path, name);
  }

  function wantExports(path: string): void {
    for (const statement of open(path).statements) {
      if (!ts.isExportDeclaration(statement) && !isExported(statement)) continue;
      wantStatement(path, statement);
      if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined && statement.exportClause === undefined) {
        wantExports(declarationSource(path, specifierOf(statement)));
      }
    }
  }

  for (const entry of entries) wantExports(entry);
  for (const [path, file] of files) {
    const target = join(outdir, relative(source, path).replace(/\.ts$/, '.d.ts'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, printed(file));
  }
}

/** Of our own files only: looking into the packages would double the time, and nothing of them may be exported. */
function programOf(entries: readonly string[], source: string): ts.Program {
  const options: ts.CompilerOptions = {
    declaration: true, emitDeclarationOnly: true, noCheck: true, strict: true, exactOptionalPropertyTypes: true, types: [], lib: ['lib.es5.d.ts'],
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, rootDir: source,
  };
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (specifiers, from) => specifiers.map(({ text }) => {
    const resolvedFileName = sourceOf(from, text);
    return { resolvedModule: resolvedFileName === undefined ? undefined : { resolvedFileName, extension: ts.Extension.Ts } };
  });
  return ts.createProgram([...entries], options, host);
}

function emitted(program: ts.Program, path: string): ts.SourceFile {
  let text = '';
  program.emit(program.getSourceFile(path), (_path, content) => { text = content; }, undefined, true);
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
}

function parse({ statements }: ts.SourceFile): DeclarationFile {
  const elsewhere = new Map<string, { specifier: string; name: string }>();
  for (const statement of statements) {
    const specifier = specifierOf(statement);
    for (const { name, propertyName } of bindingsOf(statement)) if (specifier !== '') elsewhere.set(name.text, { specifier, name: (propertyName ?? name).text });
  }
  return { statements, elsewhere, wanted: new Set(), wantedImports: new Set() };
}

/** The names between the braces of an import or export. */
function bindingsOf(statement: ts.Statement): readonly (ts.ImportSpecifier | ts.ExportSpecifier)[] {
  if (ts.isExportDeclaration(statement)) return statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause) ? statement.exportClause.elements : [];
  const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined;
  return bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : [];
}

function specifierOf(statement: ts.Statement): string {
  const specifier = ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined;
  return specifier !== undefined && ts.isStringLiteral(specifier) ? specifier.text : '';
}

function declaredBy(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText());
  const named = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement) || ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement);
  return named && statement.name !== undefined ? [statement.name.text] : [];
}

function isExported(statement: ts.Statement): boolean {
  return ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

/** Every name in a statement that may stand for a declaration. */
function namesIn(node: ts.Node): string[] {
  if (ts.isImportTypeNode(node) || node.kind === ts.SyntaxKind.AnyKeyword) throw new TypeError(`${node.getSourceFile().fileName}: what is exported needs a type that is written down: ${node.parent.getText()}`);
  if (ts.isIdentifier(node)) return [node.text];
  return node.getChildren().flatMap(namesIn);
}

function declarationSource(path: string, specifier: string): string {
  const file = sourceOf(path, specifier);
  if (file === undefined) throw new TypeError(`${path}: what is exported needs types of ${specifier}`);
  return file;
}

/** The file that a relative import names; undefined for a package. */
function sourceOf(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? resolve(dirname(path), specifier.replace(/\.js$/, '.ts')) : undefined;
}

function printed({ statements, wanted, wantedImports }: DeclarationFile): string {
  return `${statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement)) return wanted.has(statement) ? [statement.getFullText().trim()] : [];
    const names = bindingsOf(statement).flatMap((binding) => (wantedImports.has(binding.name.text) ? [binding.getText()] : []));
    return names.length === 0 ? [] : [`import type { ${names.join(', ')} } from '${specifierOf(statement)}';`];
  }).join('\n')}\n`;
}
