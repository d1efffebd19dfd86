//! Whether code of a file may change something that outlives a call: then what it renders may depend on how often
//! it was asked. Errs on the side of yes.

use std::collections::HashSet;

use oxc::ast::ast::{
    ArrowFunctionExpression, AssignmentTargetPropertyIdentifier, BindingIdentifier, BindingPattern,
    CallExpression, Expression, Function, IdentifierReference, MethodDefinition,
    MethodDefinitionKind, Program, RegExpFlags, RegExpLiteral, SimpleAssignmentTarget,
    StaticMemberExpression, UnaryExpression, UnaryOperator, VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::Scoping;
use oxc::span::{GetSpan, Span};
use oxc::syntax::scope::ScopeFlags;
use oxc::syntax::symbol::SymbolId;

/// Methods of the language's own objects that change them.
const CHANGING: [&str; 19] = [
    "push",
    "pop",
    "shift",
    "unshift",
    "splice",
    "sort",
    "reverse",
    "fill",
    "copyWithin",
    "set",
    "add",
    "delete",
    "clear",
    "append",
    "next",
    "return",
    "throw",
    "abort",
    "dispatchEvent",
];

/// Methods of lists and texts that make a new list.
const MAKING: [&str; 7] = [
    "map", "filter", "slice", "concat", "flatMap", "flat", "split",
];

/// Methods that give something which remembers how far it was read.
const READING_ON: [&str; 4] = ["values", "keys", "entries", "matchAll"];

/// Functions that change their first argument.
const CHANGING_STATICS: [&str; 5] = [
    "assign",
    "defineProperty",
    "defineProperties",
    "setPrototypeOf",
    "deleteProperty",
];

/// Returns where a function in `program` may change what it did not make itself, as the first byte of that code: a
/// variable of the module or of a function around it, or an object that it was given or found. What runs while the
/// module loads runs once and does not count.
pub(super) fn may_keep_state(program: &Program<'_>, scoping: &Scoping) -> Option<usize> {
    let mut search = Search {
        scoping,
        functions: Vec::new(),
        constructor: false,
        found: None,
    };
    search.visit_program(program);
    search.found.map(|offset| offset as usize)
}

/// The variables of a function.
#[derive(Default)]
struct Own {
    variables: HashSet<SymbolId>,
    /// Those that hold an object which the function has made.
    made: HashSet<SymbolId>,
    /// `this` is an object that is being made.
    constructs: bool,
}

struct Search<'s> {
    scoping: &'s Scoping,
    /// Functions around the code at hand; none while the module loads.
    functions: Vec<Own>,
    /// The next function is a constructor.
    constructor: bool,
    /// First byte of the first place that was found.
    found: Option<u32>,
}

impl Search<'_> {
    fn inside(&mut self, walk: impl FnOnce(&mut Self)) {
        let constructs = std::mem::take(&mut self.constructor);
        self.functions.push(Own {
            constructs,
            ..Own::default()
        });
        walk(self);
        self.functions.pop();
    }

    /// Notes `place` when it `keeps` state.
    fn note(&mut self, keeps: bool, place: Span) {
        if keeps {
            self.found.get_or_insert(place.start);
        }
    }

    /// Notes `place`, unless it runs while the module loads.
    fn note_inside(&mut self, place: Span) {
        self.note(!self.functions.is_empty(), place);
    }

    fn symbol(&self, identifier: &IdentifierReference<'_>) -> Option<SymbolId> {
        let reference = self.scoping.get_reference(identifier.reference_id.get()?);
        reference.symbol_id()
    }

    /// Notes that a variable gets another value.
    fn assigned(&mut self, identifier: &IdentifierReference<'_>) {
        let symbol = self.symbol(identifier);
        if let Some(own) = self.functions.last() {
            let is_own = symbol.is_some_and(|symbol| own.variables.contains(&symbol));
            self.note(!is_own, identifier.span);
        }
    }

    /// Notes that an object is changed.
    fn changed(&mut self, object: &Expression<'_>) {
        if !self.makes(object) {
            self.note_inside(object.span());
        }
    }

    /// Whether the value of `expression` was made by the function at hand.
    fn makes(&self, expression: &Expression<'_>) -> bool {
        let Some(own) = self.functions.last() else {
            return true;
        };
        match expression.get_inner_expression() {
            Expression::Identifier(identifier) => self.symbol(identifier).is_some_and(|symbol| {
                own.made.contains(&symbol) && !self.scoping.symbol_is_mutated(symbol)
            }),
            Expression::ThisExpression(_) => own.constructs,
            Expression::CallExpression(call) => match &call.callee {
                Expression::StaticMemberExpression(member) => {
                    let name = member.property.name.as_str();
                    let gives_itself = matches!(name, "sort" | "reverse");
                    MAKING.contains(&name) || (gives_itself && self.makes(&member.object))
                }
                _ => false,
            },
            Expression::ArrayExpression(_)
            | Expression::ObjectExpression(_)
            | Expression::NewExpression(_) => true,
            _ => false,
        }
    }
}

/// Whether the value of `expression` remembers how far it was read.
fn reads_on(expression: &Expression<'_>) -> bool {
    let Expression::CallExpression(call) = expression.get_inner_expression() else {
        return false;
    };
    match call.callee.get_inner_expression() {
        Expression::StaticMemberExpression(member) => {
            let lists =
                matches!(&member.object, Expression::Identifier(name) if name.name == "Object");
            READING_ON.contains(&member.property.name.as_str()) && !lists
        }
        Expression::ComputedMemberExpression(_) => true,
        _ => false,
    }
}

impl<'a> Visit<'a> for Search<'_> {
    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        // What a generator has yielded is state of its own.
        self.note(function.generator, function.span);
        self.inside(|search| walk::walk_function(search, function, flags));
    }

    fn visit_arrow_function_expression(&mut self, function: &ArrowFunctionExpression<'a>) {
        self.inside(|search| walk::walk_arrow_function_expression(search, function));
    }

    fn visit_method_definition(&mut self, method: &MethodDefinition<'a>) {
        self.constructor = method.kind == MethodDefinitionKind::Constructor;
        walk::walk_method_definition(self, method);
    }

    fn visit_binding_identifier(&mut self, identifier: &BindingIdentifier<'a>) {
        if let (Some(own), Some(symbol)) = (self.functions.last_mut(), identifier.symbol_id.get()) {
            own.variables.insert(symbol);
        }
    }

    fn visit_variable_declarator(&mut self, declared: &VariableDeclarator<'a>) {
        walk::walk_variable_declarator(self, declared);
        let reads_on = declared.init.as_ref().is_some_and(reads_on);
        self.note(reads_on, declared.span);
        let made = declared.init.as_ref().is_some_and(|init| self.makes(init));
        if let (true, BindingPattern::BindingIdentifier(identifier)) = (made, &declared.id)
            && let (Some(own), Some(symbol)) =
                (self.functions.last_mut(), identifier.symbol_id.get())
        {
            own.made.insert(symbol);
        }
    }

    fn visit_simple_assignment_target(&mut self, target: &SimpleAssignmentTarget<'a>) {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(name) => self.assigned(name),
            SimpleAssignmentTarget::StaticMemberExpression(member) => self.changed(&member.object),
            SimpleAssignmentTarget::ComputedMemberExpression(member) => {
                self.changed(&member.object);
            }
            SimpleAssignmentTarget::PrivateFieldExpression(member) => self.changed(&member.object),
            _ => self.note_inside(target.span()),
        }
        walk::walk_simple_assignment_target(self, target);
    }

    fn visit_assignment_target_property_identifier(
        &mut self,
        property: &AssignmentTargetPropertyIdentifier<'a>,
    ) {
        self.assigned(&property.binding);
        walk::walk_assignment_target_property_identifier(self, property);
    }

    fn visit_unary_expression(&mut self, unary: &UnaryExpression<'a>) {
        if unary.operator == UnaryOperator::Delete {
            match unary.argument.get_inner_expression() {
                Expression::StaticMemberExpression(member) => self.changed(&member.object),
                Expression::ComputedMemberExpression(member) => self.changed(&member.object),
                _ => self.note_inside(unary.span),
            }
        }
        walk::walk_unary_expression(self, unary);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        match call.callee.get_inner_expression() {
            Expression::StaticMemberExpression(member) => {
                let name = member.property.name.as_str();
                if CHANGING.contains(&name) || name.starts_with("set") {
                    self.changed(&member.object);
                } else if CHANGING_STATICS.contains(&name) {
                    match call
                        .arguments
                        .first()
                        .and_then(|first| first.as_expression())
                    {
                        Some(first) => self.changed(first),
                        None => self.note_inside(call.span),
                    }
                }
            }
            // A method whose name is not known.
            Expression::ComputedMemberExpression(member) => self.changed(&member.object),
            Expression::Identifier(name) if name.name == "eval" => self.note(true, call.span),
            _ => {}
        }
        match call.callee.get_inner_expression() {
            Expression::StaticMemberExpression(member) => {
                self.visit_expression(&member.object);
                self.visit_arguments(&call.arguments);
            }
            _ => walk::walk_call_expression(self, call),
        }
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        // A method that is not called in its place may be called anywhere.
        let changes = CHANGING.contains(&member.property.name.as_str());
        self.note(changes, member.span);
        walk::walk_static_member_expression(self, member);
    }

    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        let is_builtin = self.symbol(name).is_none();
        self.note(name.name == "Function" && is_builtin, name.span);
    }

    fn visit_reg_exp_literal(&mut self, pattern: &RegExpLiteral<'a>) {
        // Such a pattern remembers where its last match ended.
        let remembers = pattern
            .regex
            .flags
            .intersects(RegExpFlags::G | RegExpFlags::Y);
        self.note(remembers && self.functions.is_empty(), pattern.span);
    }
}

#[cfg(test)]
mod tests {
    use super::super::resolve::Package;
    use super::super::transform::transform;

    fn keeps_state(source: &str) -> bool {
        transform("a.tsx", source, "smithers-orchestrator", Package::Own)
            .unwrap()
            .keeps_state
            .is_some()
    }

    #[test]
    fn the_first_place_that_keeps_state_is_told() {
        let source = "const seen = [];\nlet n = 0;\nexport const f = (x) => {\n  n += x;\n  seen.push(x);\n};\n";
        let done = transform("a.tsx", source, "smithers-orchestrator", Package::Own).unwrap();
        let place = done.keeps_state.unwrap();
        assert_eq!((place.line, place.column), (4, 3));
    }

    #[test]
    fn a_function_that_only_makes_things_keeps_no_state() {
        let pure = [
            "const list = [1, 2]; list.push(3); export const f = () => list.map((n) => n + 1);",
            "export function f(n) { const out = []; for (const x of n) out.push(x); return out; }",
            "export const f = (rows) => { let i = 0; while (i < 3) i++; return [...rows].sort(); };",
            "export const f = (rows) => rows.filter(Boolean).sort().reverse();",
            "class E extends Error { constructor() { super('x'); this.code = 1; } } export { E };",
            "export const f = (n) => { const o = {}; o.a = n; delete o.b; return Object.assign({}, o); };",
            "export const F = ({ n }) => <a n={n}>{() => ({ n })}</a>;",
            "export const f = (s) => s.replace(/a/g, 'b');",
            "export const f = (o) => { const pairs = Object.entries(o); return pairs.length; };",
        ];
        for source in pure {
            assert!(!keeps_state(source), "{source}");
        }
    }

    #[test]
    fn a_function_that_changes_what_it_did_not_make_may_keep_state() {
        let stateful = [
            "let n = 0; export const f = () => n++;",
            "let n = 0; export const f = () => { n += 1; };",
            "let a, b; export const f = (x) => { ({ a } = x); };",
            "let a; export const f = (x) => { [a] = x; };",
            "const list = []; export const f = () => list.push(1);",
            "const seen = new Set(); export const f = (x) => seen.add(x);",
            "const o = {}; export const f = () => { o.n = 1; };",
            "const o = {}; export const f = (k) => { delete o[k]; };",
            "const o = {}; export const f = () => Object.assign(o, { n: 1 });",
            "const o = {}; export const f = (k) => o[k]();",
            "export const f = () => { globalThis.n = 1; };",
            "export const f = (o) => { o.n += 1; };",
            "const make = () => { let n = 0; return () => n++; }; export const f = make();",
            "class C { n = 0; next() { return this.n++; } } export const c = new C();",
            "export const f = () => eval('n++');",
            "export const f = () => new Function('n++')();",
            "export function* f() { yield 1; }",
            "const pattern = /a/g; export const f = (s) => pattern.test(s);",
            "const d = new Date(0); export const f = () => d.setHours(1);",
            "const list = []; export const f = (x) => { let o = []; o = list; o.push(x); };",
            "const list = []; const add = list.push.bind(list); export const f = (x) => add(x);",
            "const list = []; export const f = (x) => Reflect.apply(list.push, list, [x]);",
            "const list = []; export const f = (x) => { list.push.call(list, x); };",
            "const rest = new Map().keys(); export const f = () => [...rest];",
            "const rest = [1][Symbol.iterator](); export const f = () => [...rest];",
        ];
        for source in stateful {
            assert!(keeps_state(source), "{source}");
        }
    }
}
