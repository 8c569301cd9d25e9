using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Cli.Heads;

/// <summary>The options of <c>train</c> that decide on the head, and the trainers they ask for.</summary>
internal sealed class HeadChoice
{
    public Option<string?> Head { get; } = new("--head") { Description = $"'onnxtransfer heads' lists them; {HeadKinds.Auto} compares all but quantile by cross-validation (5 folds, or --folds) and takes the best (default: logistic for classes and labels, ridge for numbers)" };

    public Option<string[]> Set { get; } = new("--set") { Description = "a setting of the head, as 'onnxtransfer heads NAME' tells: --set hidden=512 --set dropout=0.5", AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => [] };

    public Option<double?> L2 { get; } = new("--l2") { Description = "the penalty of heads that have one (default: chosen on validation from a log-spaced path)" };

    public Option<bool> LogTarget { get; } = new("--log-target") { Description = "fit the logarithm of the target, such as a price; predictions are in the target's own unit" };

    public Option<string?> Metric { get; } = new("--metric") { Description = $"what --head auto compares by: {string.Join(", ", Evaluation.Metric.All.Select(metric => metric.Name))} (default: accuracy, mean average precision or R2)" };

    public Option<string?> TimeBudget { get; } = new("--time-budget") { Description = "--head auto compares no longer than this, embedding and the final fit apart: 90s, 10m, 1h; heads that were not finished are left out" };

    public Option<string?> ClassWeights { get; } = new("--class-weights") { Description = "balanced, or weights such as rare=5,common=1 (others 1): how much a mistake in a class counts in the fit" };

    public Option<string?> Sampling { get; } = new("--sampling") { Description = "over: rows of rarer classes are repeated; under: rows of more frequent ones are left out" };

    public Option<bool> NoCalibration { get; } = new("--no-calibration") { Description = "leave probabilities, or the interval of --head quantile, as they are fitted; otherwise validation rows calibrate them: one temperature (Guo et al. 2017), one margin (conformal)" };

    public HeadChoice() => Sampling.AcceptOnlyFromAmong("over", "under");

    public IEnumerable<Option> All => [Head, Set, L2, LogTarget, Metric, TimeBudget, ClassWeights, Sampling, NoCalibration];

    /// <summary>Refuses what does not go together, before any work.</summary>
    public void Check(ParseResult parsed, Dataset dataset, string data, string? output)
    {
        var task = TaskOf(dataset);
        var names = Names(parsed, dataset);
        foreach (var name in names)
        {
            if (!name.StartsWith(MlNetHeads.Prefix, StringComparison.Ordinal) && !HeadKinds.ByName(name).Tasks.Contains(task))
            {
                throw new UsageException($"--head {name} does not fit: {data} has {Told(task)}; use {string.Join(", ", Fitting(dataset))}");
            }

            Refuse(
                dataset.TargetNames.Count > 1 && !Fitting(dataset).Contains(name),
                $"--head {name} predicts one number, and {dataset.TargetNames.Count} are asked for ({string.Join(", ", dataset.TargetNames)}); use {string.Join(", ", Fitting(dataset))}, or one target");
        }

        var isAuto = parsed.GetValue(Head) == HeadKinds.Auto;
        Refuse(parsed.GetValue(L2) is { } l2 && !(l2 >= 0 && double.IsFinite(l2)), $"--l2 {parsed.GetValue(L2)}: expected 0 or more, or nothing to have it chosen");
        Refuse(parsed.GetValue(LogTarget) && task != HeadTask.Values, $"--log-target is for numbers to predict, but {data} has {Told(task)}; leave it out");
        Refuse(parsed.GetValue(NoCalibration) && task == HeadTask.Values && !names.Contains(HeadKinds.Quantile), $"--no-calibration is for probabilities and for --head quantile, but {data} has {Told(task)}; leave it out");
        Refuse(!isAuto && parsed.GetValue(Metric) is not null, "--metric is what --head auto compares by; say --head auto, or leave it out");
        Refuse(!isAuto && parsed.GetValue(TimeBudget) is not null, "--time-budget is for --head auto; say --head auto, or leave it out");
        Refuse(isAuto && parsed.GetValue(Set)!.Length > 0, "--set is for one head; name it with --head instead of auto");
        Refuse(isAuto && parsed.GetValue(L2) is not null, "--l2 is for one head; name it with --head instead of auto");
        Refuse(task != HeadTask.Classes && parsed.GetValue(ClassWeights) is not null, $"--class-weights is for classes, but {data} has {Told(task)}; leave it out");
        Refuse(task != HeadTask.Classes && parsed.GetValue(Sampling) is not null, $"--sampling is for classes, but {data} has {Told(task)}; leave it out");
        Refuse(parsed.GetValue(ClassWeights) is not null && parsed.GetValue(Sampling) is not null, "--class-weights and --sampling both balance classes; give one of them");
        _ = Budget(parsed);
        _ = Rebalancing(parsed, 0);
        CheckClassNames(parsed, dataset);
        CheckLogarithms(parsed, dataset);
        if (parsed.GetValue(Metric) is { } metric)
        {
            var fitting = Evaluation.Metric.For(task, dataset.TargetNames.Count > 1 ? 2 : 1).Select(one => one.Name).ToArray();
            Refuse(!fitting.Contains(metric), $"--metric {metric}: {data} has {Told(task)}; expected one of: {string.Join(", ", fitting)}");
        }

        foreach (var name in names)
        {
            var reason = Bare(parsed, name, task, 0.2, 0).WhyNotExported;
            Refuse(output is not null && reason is not null, $"--output {output}: head '{name}' cannot be exported: {reason}; leave --output out, or take another head");
        }
    }

    /// <summary>The trainer of one head with what was asked for around it: class weights or sampling, and source rows.</summary>
    public IHeadTrainer Trainer(ParseResult parsed, string name, HeadTask task, double heldOut, int seed, EmbeddingSet? source, double sourceWeight)
    {
        var trainer = Bare(parsed, name, task, heldOut, seed);
        if (Rebalancing(parsed, seed) is { } rebalancing)
        {
            trainer = new RebalancedTrainer(trainer, rebalancing) { HeldOut = heldOut, Seed = seed };
        }

        if (source is not null)
        {
            trainer = new MixedTrainer(trainer, source) { SourceWeight = sourceWeight, HeldOut = heldOut, Seed = seed };
        }

        return trainer;
    }

    /// <summary>The trainer that also calibrates probabilities, or an interval, unless that was refused or there is neither.</summary>
    public IHeadTrainer Calibrated(ParseResult parsed, IHeadTrainer trainer, HeadTask task, double heldOut, int seed)
    {
        if (parsed.GetValue(NoCalibration))
        {
            return trainer;
        }

        return task != HeadTask.Values ? new CalibratedTrainer(trainer) { HeldOut = heldOut, Seed = seed }
            : trainer.Kind == HeadKinds.Quantile ? new ConformalTrainer(trainer, HeadKinds.Coverage(Settings(parsed))) { HeldOut = heldOut, Seed = seed }
            : trainer;
    }

    /// <summary>The head asked for, or all that <c>auto</c> compares, the quickest first.</summary>
    public IReadOnlyList<string> Names(ParseResult parsed, Dataset dataset) => parsed.GetValue(Head) switch
    {
        null => [HeadKinds.DefaultFor(TaskOf(dataset))],
        HeadKinds.Auto => [.. Fitting(dataset).Where(name => HeadKinds.ByName(name).IsCandidate)],
        var name => [name],
    };

    /// <summary>What the data asks for.</summary>
    public static HeadTask TaskOf(Dataset dataset) =>
        dataset.IsRegression ? HeadTask.Values : dataset.IsMultiLabel ? HeadTask.Labels : HeadTask.Classes;

    /// <summary>How <c>auto</c> compares.</summary>
    public SelectionSettings Selection(ParseResult parsed, int? folds, int repeats, int seed) => new()
    {
        Folds = folds ?? 5,
        Repeats = repeats,
        Seed = seed,
        Metric = parsed.GetValue(Metric) is { } metric ? Evaluation.Metric.ByName(metric) : Evaluation.Metric.Main,
        TimeBudget = Budget(parsed),
    };

    public static string Told(HeadTask task) => task switch
    {
        HeadTask.Classes => "classes",
        HeadTask.Labels => "several labels an item",
        _ => "numbers to predict",
    };

    private static string[] Fitting(Dataset dataset) =>
        [.. HeadKinds.All.Where(kind => kind.Tasks.Contains(TaskOf(dataset)) && !(kind.HasOneTarget && dataset.TargetNames.Count > 1)).Select(kind => kind.Name)];

    private void CheckClassNames(ParseResult parsed, Dataset dataset)
    {
        if (parsed.GetValue(ClassWeights) is { } text && text != "balanced" && Weights(text).Keys.FirstOrDefault(name => !dataset.Classes.Contains(name)) is { } unknown)
        {
            throw new UsageException($"--class-weights {text}: there is no class '{unknown}'; the classes are {string.Join(", ", dataset.Classes.Take(20))}{(dataset.Classes.Count > 20 ? ", ..." : "")}");
        }
    }

    private void CheckLogarithms(ParseResult parsed, Dataset dataset)
    {
        double[] Targets(DatasetItem item) => item.Targets.Length > 0 ? item.Targets : [item.Target];
        if (parsed.GetValue(LogTarget) && dataset.Items.FirstOrDefault(item => Targets(item).Any(target => !(target > 0))) is { } item)
        {
            throw new UsageException($"--log-target: {item.Name} has the target {string.Join(", ", Targets(item))}, which has no logarithm; expected numbers above 0: leave --log-target out or mend the row");
        }
    }

    private IHeadTrainer Bare(ParseResult parsed, string name, HeadTask task, double heldOut, int seed)
    {
        if (name.StartsWith(MlNetHeads.Prefix, StringComparison.Ordinal))
        {
            return MlNetHeads.Make(name, task, new HeadRequest(name, MlNetHeads.Settings, Settings(parsed)) { Task = task, L2 = parsed.GetValue(L2), LogTarget = parsed.GetValue(LogTarget), HeldOut = heldOut, Seed = seed });
        }

        var kind = HeadKinds.ByName(name);
        Refuse(!kind.HasL2 && parsed.GetValue(L2) is not null, $"--l2: head '{name}' has no such penalty; leave it out{(kind.Settings.Count > 0 ? $", or see 'onnxtransfer heads {name}'" : "")}");
        return kind.Make(new HeadRequest(name, kind.Settings, Settings(parsed)) { Task = task, L2 = parsed.GetValue(L2), LogTarget = parsed.GetValue(LogTarget), HeldOut = heldOut, Seed = seed });
    }

    private Dictionary<string, string> Settings(ParseResult parsed)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in parsed.GetValue(Set)!)
        {
            var at = text.IndexOf('=', StringComparison.Ordinal);
            Refuse(at < 1 || at == text.Length - 1, $"--set {text}: expected NAME=VALUE, such as hidden=512");
            Refuse(!settings.TryAdd(text[..at], text[(at + 1)..]), $"--set {text[..at]}: given twice; give it once");
        }

        return settings;
    }

    /// <summary>Class weights or sampling, where either was asked for.</summary>
    public Rebalancing? Rebalancing(ParseResult parsed, int seed) => (parsed.GetValue(ClassWeights), parsed.GetValue(Sampling)) switch
    {
        (null, null) => null,
        ("balanced", _) => new Rebalancing { Seed = seed },
        ({ } weights, _) => new Rebalancing { ClassWeights = Weights(weights), Seed = seed },
        (_, "over") => new Rebalancing { Method = RebalancingMethod.OverSampling, Seed = seed },
        _ => new Rebalancing { Method = RebalancingMethod.UnderSampling, Seed = seed },
    };

    private static Dictionary<string, double> Weights(string text)
    {
        var weights = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var part in DataOptions.List(text)!)
        {
            var at = part.LastIndexOf('=');
            if (at < 1 || !double.TryParse(part[(at + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var weight)
                || !(weight > 0 && double.IsFinite(weight)) || !weights.TryAdd(part[..at], weight))
            {
                throw new UsageException($"--class-weights {text}: expected balanced, or CLASS=WEIGHT pairs separated by commas, each class once, weights above 0, such as rare=5,common=1");
            }
        }

        return weights.Count > 0 ? weights : throw new UsageException("--class-weights: nothing is given; expected balanced, or CLASS=WEIGHT pairs separated by commas");
    }

    private TimeSpan? Budget(ParseResult parsed)
    {
        if (parsed.GetValue(TimeBudget) is not { } text)
        {
            return null;
        }

        var unit = text.LastOrDefault() switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 };
        return unit > 0 && text.Length > 1 && double.TryParse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var count) && count > 0 && unit * count < TimeSpan.FromDays(365).TotalSeconds
            ? TimeSpan.FromSeconds(unit * count)
            : throw new UsageException($"--time-budget {text}: expected a time such as 90s, 10m or 1h");
    }

    private static void Refuse(bool wrong, string message)
    {
        if (wrong)
        {
            throw new UsageException(message);
        }
    }
}
