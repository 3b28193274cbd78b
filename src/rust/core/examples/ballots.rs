use std::time::Instant;
use vae_irt_core::posterior::{Moments, Scoring, score};
use vae_irt_core::simulate::{BallotDesign, ballots};
use vae_irt_core::train::{Epoch, Monitor};
use vae_irt_core::{Settings, train};

struct Trace(Instant);
impl Monitor for Trace {
    fn epoch(&self, e: &Epoch) {
        eprintln!(
            "{:7.2} s epoch {} {:?} bound {:.0} lr {:.4}",
            self.0.elapsed().as_secs_f64(),
            e.number,
            e.phase,
            e.bound,
            e.learning_rate
        );
    }
    fn cancelled(&self) -> bool {
        false
    }
}

fn r2(x: &[f64], y: &[f64], d: usize) -> Vec<f64> {
    // R^2 of each column of y regressed on all columns of x with an intercept
    use ndarray::{Array1, Array2};
    let n = x.len() / d;
    let w = d + 1;
    let mut g = Array2::<f64>::zeros((w, w));
    let mut c = Array2::<f64>::zeros((w, d));
    for i in 0..n {
        let mut row = Array1::<f64>::ones(w);
        for k in 0..d {
            row[k] = x[i * d + k];
        }
        for a in 0..w {
            for b in 0..w {
                g[[a, b]] += row[a] * row[b];
            }
            for k in 0..d {
                c[[a, k]] += row[a] * y[i * d + k];
            }
        }
    }
    // Gauss-Jordan
    let mut a = g.clone();
    let mut b = c.clone();
    for p in 0..w {
        let piv = a[[p, p]];
        for q in 0..w {
            a[[p, q]] /= piv;
        }
        for q in 0..d {
            b[[p, q]] /= piv;
        }
        for r in 0..w {
            if r != p {
                let f = a[[r, p]];
                for q in 0..w {
                    let v = a[[p, q]];
                    a[[r, q]] -= f * v;
                }
                for q in 0..d {
                    let v = b[[p, q]];
                    b[[r, q]] -= f * v;
                }
            }
        }
    }
    (0..d)
        .map(|k| {
            let mean = (0..n).map(|i| y[i * d + k]).sum::<f64>() / n as f64;
            let (mut sse, mut sst) = (0.0, 0.0);
            for i in 0..n {
                let mut p = b[[d, k]];
                for q in 0..d {
                    p += x[i * d + q] * b[[q, k]];
                }
                sse += (y[i * d + k] - p).powi(2);
                sst += (y[i * d + k] - mean).powi(2);
            }
            1.0 - sse / sst
        })
        .collect()
}

fn main() {
    let arg: Vec<String> = std::env::args().collect();
    let n: usize = arg[1].parse().unwrap();
    let j: usize = arg[2].parse().unwrap();
    let seed: u64 = arg[3].parse().unwrap();
    let threads: usize = arg[4].parse().unwrap();
    let mut design = BallotDesign::new(n, j);
    design.uneven = std::env::var("UNEVEN").is_ok();
    if let Ok(s) = std::env::var("SHARED") {
        design.n_shared = s.parse().unwrap();
    }
    if let Some(s) = arg.get(5)
        && s == "hard"
    {
        design.n_shared = 2;
        design.short = 0.05;
        design.isolated = true;
    }
    let t = Instant::now();
    let truth = ballots(&design, std::env::var("DATA").map_or(1, |s| s.parse().unwrap())).unwrap();
    eprintln!(
        "rows of the shared contests: {}",
        (0..design.n_shared)
            .map(|j| truth.responses.catalogue().rows_of(j).len())
            .sum::<usize>()
    );
    eprintln!(
        "simulated {} responses in {:.1} s",
        truth.responses.n_responses(),
        t.elapsed().as_secs_f64()
    );
    let mut settings = Settings {
        seed,
        threads,
        std_errors: false,
        refine: false,
        ..Settings::new(4)
    };
    if let Ok(s) = std::env::var("S") {
        settings.importance_samples = s.parse().unwrap();
    }
    if let Ok(s) = std::env::var("LR") {
        settings.learning_rate = s.parse().unwrap();
    }
    if let Ok(s) = std::env::var("BATCH") {
        settings.batch_size = Some(s.parse().unwrap());
    }
    if let Ok(s) = std::env::var("TOL") {
        settings.tolerance = s.parse().unwrap();
    }
    if let Ok(s) = std::env::var("EPOCHS") {
        settings.max_epochs = s.parse().unwrap();
    }
    let t = Instant::now();
    let fit = train::fit(&truth.responses, &settings, &Trace(t)).unwrap();
    eprintln!("fitted in {:.2} s", t.elapsed().as_secs_f64());
    let mut means = vec![0.0; n * 4];
    for (k, &i) in fit.respondents.iter().enumerate() {
        means[i as usize * 4..][..4].copy_from_slice(fit.moments.mean(k));
    }
    println!("R2 {:.3?}", r2(&means, &truth.traits, 4));
    if design.isolated || design.uneven {
        let (last, d) = (design.n_counties() as u32 - 1, 4);
        let pick = |f: &dyn Fn(usize) -> bool| -> (Vec<f64>, Vec<f64>) {
            let rows: Vec<usize> = (0..n).filter(|&i| f(i)).collect();
            (
                rows.iter()
                    .flat_map(|&i| means[i * 4..i * 4 + 4].to_vec())
                    .collect(),
                rows.iter()
                    .flat_map(|&i| truth.traits[i * d..(i + 1) * d].to_vec())
                    .collect(),
            )
        };
        let joined = |i: usize| !design.isolated || truth.counties[i] != last;
        let short = |i: usize| truth.responses.n_responses_of(i) <= 3;
        let (x, y) = pick(&|i| joined(i) && !short(i));
        println!("R2 joined, long {:.3?}", r2(&x, &y, d));
        let (x, y) = pick(&|i| joined(i) && short(i));
        println!("R2 joined, short {:.3?}", r2(&x, &y, d));
        let (x, y) = pick(&|i| !joined(i) && !short(i));
        println!("R2 isolated, long {:.3?}", r2(&x, &y, d));
        let big = fit.moments.means.iter().fold(0.0f64, |a, b| a.max(b.abs()));
        println!("largest mean {big}");
        for c in [0u32, 1, 5, 10, 15, last] {
            let (x, y) = pick(&|i| truth.counties[i] == c && !short(i));
            println!("county {c} {:.3?}", r2(&x, &y, d));
        }
    }
    if std::env::var("QUICK").is_ok() {
        return;
    }
    let all: Vec<u32> = (0..n.min(20_000) as u32).collect();
    let m: Moments = score(
        &fit.model,
        &truth.responses,
        &all,
        &Scoring {
            refine: true,
            seed: 1,
        },
        threads,
        &train::Silent,
    )
    .unwrap();
    println!(
        "R2 refined {:.3?}",
        r2(&m.means, &truth.traits[..all.len() * 4], 4)
    );
    let mut known = fit.model.clone();
    known.items = vae_irt_core::kernels::Table::new(5, truth.items.clone());
    let m: Moments = score(
        &known,
        &truth.responses,
        &all,
        &Scoring {
            refine: true,
            seed: 1,
        },
        threads,
        &train::Silent,
    )
    .unwrap();
    println!(
        "R2 attainable {:.3?}",
        r2(&m.means, &truth.traits[..all.len() * 4], 4)
    );
}
