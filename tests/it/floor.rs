//! The floor's behaviour as timelines: one each.

use crate::support::timeline::check;

#[test]
fn a_question_is_answered() {
    check(
        r#"
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls down, as we all know from experience."
        ----
        "#,
    );
}
