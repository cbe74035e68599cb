//! What a workflow would do over months: made-up requests, sedi that answer so many a day, operators who solicit when
//! they may. Pure: the same plan gives the same report, day by day, by the rules the engine decides with.

mod report;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{Opening, Workflow, decide, open};
use crate::domain::calendar::day_off;
use crate::domain::case::{Case, Continuation};
use crate::domain::event::{Actor, Event};
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, RequestId, SedeCode};
use crate::domain::refusal::Refusal;

use report::Tally;
pub use report::{QueueReport, SimulationReport};

/// How likely somebody does what the rules allow, on a day it is allowed.
const SOLICITS: f64 = 0.3;
const BOOKS: f64 = 0.05;
/// How likely an answer is followed by a further question, and how many days that takes at most.
const ASKS_AGAIN: f64 = 0.3;
const THINKS: u64 = 10;
/// How likely a sede ends the conversation with its answer.
const BARS: f64 = 0.1;

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub from: NaiveDate,
    pub days: u16,
    pub requests: u32,
    pub sedi: u16,
    /// Requests one sede answers on a working day.
    pub answers: u16,
    pub seed: u64,
}

/// One request on its way.
struct Life {
    case: Case,
    /// Where in [`Simulation::sedi`] it lies.
    sede: usize,
    /// When the question was asked that waits, or was answered last.
    asked: NaiveDate,
}

struct Sede {
    code: SedeCode,
    /// What it has to answer, the next first.
    queue: VecDeque<usize>,
    tally: QueueReport,
}

struct Simulation<'a> {
    workflow: &'a Workflow,
    plan: Plan,
    random: StdRng,
    lives: Vec<Life>,
    sedi: Vec<Sede>,
    waiting: BTreeSet<usize>,
    /// Further questions, by the day they are asked.
    again: BTreeMap<NaiveDate, Vec<usize>>,
    tally: Tally,
}

/// Runs a plan. Refused only where the workflow does not let the engine assign a request to a sede.
pub fn simulate(workflow: &Workflow, plan: Plan) -> Result<SimulationReport, Refusal> {
    let mut simulation = Simulation::new(workflow, plan);
    for day in 0..plan.days {
        let today = plan.from + Days::new(day.into());
        simulation.arrive(day, today)?;
        simulation.time_passes(today);
        simulation.operators(today);
        if day_off(today).is_none() {
            simulation.officers(today);
        }
        for sede in &mut simulation.sedi {
            sede.tally.longest = sede.tally.longest.max(sede.queue.len());
        }
    }
    Ok(simulation.report())
}

impl<'a> Simulation<'a> {
    fn new(workflow: &'a Workflow, plan: Plan) -> Self {
        let sedi = (0..plan.sedi.max(1)).map(|number| {
            let code = SedeCode::parse(&format!("sede-{:03}", number + 1)).expect("a code");
            Sede {
                tally: QueueReport::new(code.clone()),
                code,
                queue: VecDeque::new(),
            }
        });
        Self {
            workflow,
            plan,
            random: StdRng::seed_from_u64(plan.seed),
            lives: Vec::new(),
            sedi: sedi.collect(),
            waiting: BTreeSet::new(),
            again: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// This day's share of the requests, each to a sede at random.
    fn arrive(&mut self, day: u16, today: NaiveDate) -> Result<(), Refusal> {
        let until = |day: u64| u64::from(self.plan.requests) * day / u64::from(self.plan.days.max(1));
        for _ in until(day.into())..until(u64::from(day) + 1) {
            let sede = self.random.random_range(0..self.sedi.len());
            let opening = Opening {
                id: RequestId(uuid::Uuid::from_u128(self.lives.len() as u128)),
                patronato: patronato(),
                office: office(),
                sender: person("op1"),
                desk: SedeCode::lineainps(),
                assign_to: Some(self.sedi[sede].code.clone()),
            };
            let opened = open(self.workflow, &opening, noon(today))?;
            let life = self.lives.len();
            self.lives.push(Life {
                case: opened.case,
                sede,
                asked: today,
            });
            self.wait(life, sede);
        }
        Ok(())
    }

    fn wait(&mut self, life: usize, sede: usize) {
        self.waiting.insert(life);
        self.sedi[sede].queue.push_back(life);
        self.sedi[sede].tally.received += 1;
    }

    fn time_passes(&mut self, today: NaiveDate) {
        for life in self.waiting.clone() {
            while let Some(days) = self.workflow.due_timer(&self.lives[life].case, noon(today)) {
                let before = self.lives[life].case.facts.overdue;
                if !self.happens(life, &Event::Elapsed { days }, &Actor::Engine, today) {
                    break;
                }
                let now = self.lives[life].case.facts.overdue;
                self.tally.overdue += u32::from(now && !before);
            }
        }
    }

    fn operators(&mut self, today: NaiveDate) {
        for life in self.again.remove(&today).unwrap_or_default() {
            if self.happens(life, &Event::Messaged, &operator(), today) {
                self.tally.messages += 1;
                self.lives[life].asked = today;
                let sede = self.lives[life].sede;
                self.wait(life, sede);
            }
        }
        for life in self.waiting.clone() {
            let case = &self.lives[life].case;
            let open = |from: Option<NaiveDate>| from.is_some_and(|from| from <= today);
            let (may_solicit, may_book) = (
                open(self.workflow.solicit_from(case)),
                open(self.workflow.appointment_from(case)),
            );
            let solicits = may_solicit && self.random.random_bool(SOLICITS);
            if solicits && self.happens(life, &Event::Solicited, &operator(), today) {
                self.solicited(life);
            }
            let books = may_book && self.random.random_bool(BOOKS);
            if books && self.happens(life, &Event::Booked, &operator(), today) {
                self.tally.appointments += 1;
            }
        }
    }

    /// A solicited request is answered next.
    fn solicited(&mut self, life: usize) {
        match self.lives[life].case.facts.solicits() {
            1 => self.tally.first_solicits += 1,
            _ => self.tally.second_solicits += 1,
        }
        let queue = &mut self.sedi[self.lives[life].sede].queue;
        if let Some(place) = queue.iter().position(|other| *other == life) {
            queue.remove(place);
            queue.push_front(life);
        }
    }

    fn officers(&mut self, today: NaiveDate) {
        for sede in 0..self.sedi.len() {
            for _ in 0..self.plan.answers {
                let Some(life) = self.sedi[sede].queue.pop_front() else {
                    break;
                };
                self.answer(life, sede, today);
            }
        }
    }

    fn answer(&mut self, life: usize, sede: usize, today: NaiveDate) {
        let continuation = if self.random.random_bool(BARS) {
            Continuation::Barred
        } else {
            Continuation::Allowed
        };
        let officer = Actor::Officer {
            id: person("av1"),
            sede: self.sedi[sede].code.clone(),
        };
        if !self.happens(life, &Event::Replied { continuation }, &officer, today) {
            return;
        }
        self.waiting.remove(&life);
        self.sedi[sede].tally.answered += 1;
        let waited = (today - self.lives[life].asked).num_days();
        self.tally.replies.push(u32::try_from(waited).unwrap_or_default());
        if self.random.random_bool(ASKS_AGAIN) {
            let day = today + Days::new(self.random.random_range(1..=THINKS));
            self.again.entry(day).or_default().push(life);
        }
    }

    /// Whether the rules let it happen.
    fn happens(&mut self, life: usize, event: &Event, actor: &Actor, today: NaiveDate) -> bool {
        let case = &self.lives[life].case;
        let Ok(decision) = decide(self.workflow, case, event, actor, noon(today)) else {
            return false;
        };
        self.lives[life].case = decision.applied_to(case.clone());
        true
    }

    fn report(self) -> SimulationReport {
        let queues = self.sedi.into_iter().map(|sede| QueueReport {
            waiting: sede.queue.len(),
            ..sede.tally
        });
        self.tally.report(
            self.workflow.reference().to_string(),
            self.lives.len(),
            self.waiting.len(),
            queues.collect(),
        )
    }
}

fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::from_hms_opt(12, 0, 0).expect("noon"))
        .and_utc()
}

fn person(id: &str) -> ActorId {
    ActorId::parse(id).expect("an id")
}

fn patronato() -> PatronatoCode {
    PatronatoCode::parse("inca").expect("a code")
}

fn office() -> OfficeCode {
    OfficeCode::parse("INCA-RM-001").expect("a code")
}

fn operator() -> Actor {
    Actor::Operator {
        id: person("op1"),
        patronato: patronato(),
        office: office(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{QUESITO, RICHIESTA};
    use super::*;

    const PLAN: Plan = Plan {
        from: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
        days: 90,
        requests: 1_800,
        sedi: 4,
        answers: 12,
        seed: 7,
    };

    fn run(workflow: &Workflow, plan: Plan) -> SimulationReport {
        simulate(workflow, plan).unwrap()
    }

    #[test]
    fn the_same_plan_gives_the_same_report() {
        assert_eq!(run(&RICHIESTA, PLAN), run(&RICHIESTA, PLAN));
        assert_ne!(run(&RICHIESTA, PLAN), run(&RICHIESTA, Plan { seed: 8, ..PLAN }));
    }

    #[test]
    fn sedi_that_keep_up_let_nobody_wait_too_long() {
        let report = run(&RICHIESTA, PLAN);
        assert_eq!(
            (report.requests, report.overdue, report.first_solicits),
            (1_800, 0, 0)
        );
        assert!(report.messages > 0 && report.reply_days_p90 <= 7);
    }

    #[test]
    fn sedi_that_do_not_keep_up_are_solicited() {
        for workflow in [&*RICHIESTA, &*QUESITO] {
            let report = run(workflow, Plan { answers: 3, ..PLAN });
            assert!(report.overdue > 0 && report.first_solicits >= report.second_solicits);
            assert!(report.second_solicits > 0 && report.appointments > 0);
            assert!(report.reply_days_p90 >= 16);
            let queues = |of: fn(&QueueReport) -> u64| report.queues.iter().map(of).sum::<u64>();
            assert_eq!(queues(|queue| queue.waiting as u64), report.waiting);
            assert_eq!(queues(|queue| queue.answered), report.answered);
            assert_eq!(
                queues(|queue| queue.received),
                report.requests + u64::from(report.messages)
            );
        }
    }

    #[test]
    fn nothing_asked_gives_nothing() {
        let report = run(
            &RICHIESTA,
            Plan {
                requests: 0,
                days: 0,
                ..PLAN
            },
        );
        assert_eq!(
            (report.requests, report.answered, report.reply_days_median),
            (0, 0, 0)
        );
    }
}
