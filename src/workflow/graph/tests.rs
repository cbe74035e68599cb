use super::super::fixtures::RICHIESTA;
use super::*;

fn counts() -> Counts {
    let name = |text| StateName::parse(text).unwrap();
    [
        (name("inviato_lineainps"), Count { total: 1, overdue: 0 }),
        (
            name("assegnato_sede"),
            Count {
                total: 128,
                overdue: 6,
            },
        ),
    ]
    .into()
}

#[test]
fn the_mermaid_graph_of_the_released_workflow() {
    insta::assert_snapshot!(mermaid(&RICHIESTA, None));
}

#[test]
fn the_svg_graph_of_the_released_workflow_with_live_counts() {
    insta::assert_snapshot!(svg(&RICHIESTA, Some(&counts())));
}

#[test]
fn counts_stand_in_the_mermaid_graph_too() {
    let text = mermaid(&RICHIESTA, Some(&counts()));
    assert!(
        text.contains("\"Assegnato a Sede<br>128 richieste, 6 oltre i giorni\""),
        "{text}"
    );
    assert!(
        text.contains("\"Chiuso da Funzionario<br>0 richieste\""),
        "{text}"
    );
}

/// A workflow whose graph has every kind of way: on, further on, back, to the side.
fn crowded() -> Workflow {
    let way = |event: &str, to: &str, told: &str| {
        format!(
            "on.{event} = {{ by = [\"sede\"], set = [\"stop_clock\"], to = \"{to}\", do = [\"{told}\"] }}\n"
        )
    };
    let replied = "portal:request.replied";
    let closed = "portal:request.closed";
    let text = format!(
        "name = \"prova\"\nversion = 1\ntitle = \"Un flusso con <molte> vie & più\"\ninitial = \"uno\"\n\
         [clock]\nzone = \"Europe/Rome\"\ndays = \"working\"\n\
         [opening]\nset = [\"start_clock\"]\ndo = [\"portal:request.accepted\", \"sede:request.assigned\"]\n\
         [state.uno]\nlabel = \"Uno\"\n\
         on.assigned = {{ by = [\"engine\"], when = [\"other_sede\"], set = [\"hand_over\"], to = \"due\", do = [\"sede:request.assigned\"] }}\n\
         {}after.\"1d\" = {{ to = \"quattro\" }}\n\
         [state.due]\nlabel = \"Due, con un'etichetta molto lunga che va a capo\"\n{}{}\
         [state.tre]\nlabel = \"Tre\"\n{}{}\
         [state.quattro]\nlabel = \"Quattro\"\nfinal = true\n",
        way("replied", "tre", replied),
        way("replied", "tre", replied),
        way("closed", "quattro", closed),
        way("replied", "uno", replied),
        way("closed", "quattro", closed),
    );
    Workflow::parse("prova", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_kind_of_way_is_drawn_and_nothing_breaks_the_markup() {
    let workflow = crowded();
    let text = svg(&workflow, None);
    assert_eq!(text.matches("<path id=\"way-").count(), 7, "{text}");
    assert!(
        text.contains("Un flusso con &lt;molte&gt; vie &amp; più"),
        "{text}"
    );
    assert!(text.contains(">dopo 1 giorno lavorativo<"), "{text}");
    insta::assert_snapshot!(mermaid(&workflow, None));
}
