using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Evaluation;

/// <summary>Compares heads by cross-validation on the same folds and picks one.</summary>
public static class HeadSelection
{
    /// <summary>The level below which a difference is more than noise.</summary>
    public const double Significance = 0.05;

    /// <summary>
    /// Fits every candidate on every fold; of those, takes the one whose mean of the metric is best. Whatever a trainer
    /// chooses for itself is chosen inside each fold. A candidate that cannot be fitted is left out with the reason.
    /// </summary>
    /// <param name="candidates">Names and trainers, in the order they are tried: the quickest first where there is a time budget.</param>
    /// <param name="set">N x D embeddings with labels or targets.</param>
    /// <param name="settings">Folds, repetitions, metric, time budget.</param>
    /// <param name="progress">Is told what was done, a line each; null: nobody.</param>
    /// <param name="cancellation">Ends the work with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">No candidate could be fitted, or the set cannot be cut into folds.</exception>
    public static SelectionResult Run(
        IReadOnlyList<(string Name, IHeadTrainer Trainer)> candidates, EmbeddingSet set, SelectionSettings? settings = null,
        Action<string>? progress = null, CancellationToken cancellation = default)
    {
        settings ??= new SelectionSettings();
        Check(candidates, settings);
        var clock = Stopwatch.StartNew();
        var races = candidates.Select(candidate => new Race(candidate.Name, candidate.Trainer)).ToArray();
        int repeats = 0;
        for (; repeats < settings.Repeats && !Over(); repeats++)
        {
            bool whole = true;
            foreach (var race in races.Where(race => race.LeftOut is null))
            {
                bool isFirst = repeats == 0 && race == races[0];
                whole &= race.Run(set, settings, repeats, isFirst ? null : Left(), progress, cancellation) || repeats == 0;
            }

            if (!whole)
            {
                break;
            }
        }

        return Result(races, repeats, settings, clock.Elapsed.TotalSeconds);

        TimeSpan? Left() => settings.TimeBudget is { } budget ? budget - clock.Elapsed : null;

        bool Over() => repeats > 0 && Left() is { } left && left <= TimeSpan.Zero;
    }

    private static void Check(IReadOnlyList<(string Name, IHeadTrainer Trainer)> candidates, SelectionSettings settings)
    {
        if (candidates.Count == 0 || settings.Repeats < 1)
        {
            throw new FitException($"{candidates.Count} heads to compare in {settings.Repeats} repetitions; expected at least one of each");
        }

        if (candidates.GroupBy(candidate => candidate.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new FitException($"two heads to compare are named '{twice.Key}'; expected names of their own");
        }
    }

    private static SelectionResult Result(Race[] races, int repeats, SelectionSettings settings, double seconds)
    {
        var finished = races.Where(race => race.LeftOut is null).ToArray();
        if (finished.Length == 0)
        {
            throw new FitException($"no head could be fitted: {string.Join("; ", races.Select(race => $"{race.Name}: {race.LeftOut}"))}");
        }

        double sign = settings.Metric.HigherIsBetter ? 1 : -1;
        var values = finished.ToDictionary(race => race, race => race.Values(repeats, settings.Metric));
        foreach (var race in finished.Where(race => values[race].Any(double.IsNaN)))
        {
            throw new FitException($"'{settings.Metric.Name}' cannot be told of {race.Name}'s scores; expected a metric for what is learned here");
        }

        var best = finished.MaxBy(race => sign * values[race].Average())!;
        double testPerTrain = 1.0 / (settings.Folds - 1);
        var table = races
            .OrderBy(race => race.LeftOut is not null).ThenByDescending(race => race.LeftOut is null ? sign * values[race].Average() : 0)
            .Select(race => race.LeftOut is not null
                ? new HeadCandidate(race.Name, race.Trainer, null, double.NaN, new Interval(double.NaN, double.NaN), double.NaN, race.Seconds, race.LeftOut)
                : new HeadCandidate(
                    race.Name, race.Trainer, race.Scores(repeats), values[race].Average(), settings.Metric.Clip(CorrectedT.Interval(values[race], testPerTrain)),
                    race == best ? 1 : CorrectedT.PValue([.. values[race].Zip(values[best], (one, other) => one - other)], testPerTrain), race.Seconds, null));
        return new SelectionResult([.. table], settings.Metric, settings.Folds, repeats, seconds);
    }

    // One candidate on its way through the repetitions.
    private sealed class Race(string name, IHeadTrainer trainer)
    {
        private readonly List<FoldScores> _folds = [];

        public string Name => name;

        public IHeadTrainer Trainer => trainer;

        public string? LeftOut { get; private set; }

        public double Seconds { get; private set; }

        // False where the time did not suffice; a first repetition that is not finished leaves the candidate out.
        public bool Run(
            EmbeddingSet set, SelectionSettings settings, int repeat, TimeSpan? left, Action<string>? progress, CancellationToken cancellation)
        {
            var clock = Stopwatch.StartNew();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (left <= TimeSpan.Zero)
            {
                limit.Cancel();
            }
            else if (left is { } time)
            {
                limit.CancelAfter(time);
            }

            try
            {
                limit.Token.ThrowIfCancellationRequested();
                var scores = CrossValidation.Run(trainer, set, settings.Folds, 1, settings.Seed + repeat, null, limit.Token);
                _folds.AddRange(scores.Folds.Select(fold => fold with { Repeat = repeat }));
                string metric = settings.Metric == Metric.Main ? scores.MainName : settings.Metric.Name;
                double mean = scores.Folds.Average(fold => settings.Metric.Of(fold.Scores));
                progress?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{name}: {metric} {mean:0.0000} over {scores.Folds.Count} folds, {clock.Elapsed.TotalSeconds:0.0} s"));
                return true;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                LeftOut = repeat == 0 ? $"the time budget of {settings.TimeBudget!.Value.TotalSeconds:0} s was over" : null;
                return false;
            }
            catch (FitException error)
            {
                LeftOut = error.Message;
                return true;
            }
            finally
            {
                Seconds += clock.Elapsed.TotalSeconds;
                if (LeftOut is not null)
                {
                    progress?.Invoke($"{name}: left out: {LeftOut}");
                }
            }
        }

        public double[] Values(int repeats, Metric metric) => [.. Scores(repeats).Folds.Select(fold => metric.Of(fold.Scores))];

        public CrossValidationScores Scores(int repeats) => new() { Folds = [.. _folds.Where(fold => fold.Repeat < repeats)] };
    }
}
