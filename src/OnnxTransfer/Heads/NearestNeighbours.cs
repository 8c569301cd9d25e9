using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// k nearest neighbours (Cover and Hart 1967), exact, by blocks: the neighbours that scikit-learn's KNeighborsClassifier and
/// KNeighborsRegressor find with algorithm="brute", in float64, ties by row order. The number of neighbours is a weight: rows
/// are taken, nearest first, until their weights sum to it, the last as far as there is room for it, so that a row of weight
/// 2 is the same as the row twice; weights should be around 1. Columns are taken as they are. Beside the rows, N floats are
/// kept; the memory of a prediction does not grow with N.
/// </summary>
public sealed record NearestNeighbours : IHeadTrainer
{
    /// <summary>How many neighbours answer; null: chosen by <see cref="Search"/> on validation rows.</summary>
    public int? Neighbours { get; init; }

    /// <summary>
    /// How their number is chosen where none is given: by the mean log loss (probabilities clipped to [e, 1 - e], e = 2^-23)
    /// or the squared error of the rows marked Validation, or where there are none of a held-out part.
    /// </summary>
    public NeighbourSearch Search { get; init; } = new();

    /// <summary>What near means.</summary>
    public Distance Distance { get; init; }

    /// <summary>How much a neighbour counts.</summary>
    public Weighting Weighting { get; init; }

    /// <summary>The temperature that cosines are divided by in <see cref="Weighting.Softmax"/>; 0.07 in Wu et al. 2018.</summary>
    public double SoftmaxTemperature { get; init; } = 0.07;

    /// <summary>Takes the mean of the targets' logarithms, which must be positive: the geometric mean of the neighbours' targets.</summary>
    public bool LogTarget { get; init; }

    /// <summary>Threads to work on, in the fit and in predictions; 0: all processors. The head does not depend on it.</summary>
    public int Threads { get; init; }

    /// <inheritdoc/>
    public string Kind => "knn";

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => true;

    /// <inheritdoc/>
    public bool Chooses => Neighbours is null;

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => this with { Neighbours = (int)report.Chosen!.Value };

    /// <summary>Keeps all rows of <paramref name="set"/>, whatever their split. Fitted twice, the head is the same to the bit.</summary>
    /// <param name="set">N x D embeddings with labels, label sets or targets; weights are honoured.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public NeighbourHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <summary>The same fit, together with what was tried, chosen and noticed.</summary>
    /// <param name="set">N x D embeddings with labels, label sets or targets; weights are honoured.</param>
    /// <param name="progress">Is told of every number of neighbours; null: nobody.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public HeadFit<NeighbourHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        CheckSettings();
        cancellation.ThrowIfCancellationRequested();
        int threads = Chunks.Threads(Threads);
        set = FitCheck.Rows(set, threads);
        List<string> notes = [.. CheckAnswers(set)];
        int neighbours = Neighbours ?? Search.Fallback;
        IReadOnlyList<Trial> path = [];
        if (Neighbours is null)
        {
            var holdout = Holdout.Make(
                set, Search.HeldOut, Search.Seed, "neighbours", $"neighbours = {Search.Fallback} was taken (NeighbourSearch.Fallback)");
            notes.AddRange(holdout.Notes);
            if (holdout.Validation is not null)
            {
                var choice = new NeighbourChoice(Search, Index(holdout.Fit, threads, cancellation), Votes(holdout.Fit), threads);
                path = choice.Try(holdout.Validation.Rows, Votes(holdout.Validation), progress, cancellation);
                neighbours = (int)path.MinBy(trial => trial.Score)!.Setting.Value;
                notes.AddRange(LargestTried(neighbours, path));
            }
        }

        double weight = FitCheck.TotalWeight(set);
        if (weight < neighbours)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"all rows together weigh {weight:g6}, less than {neighbours} neighbours: every row takes part in every answer"));
        }

        var head = new NeighbourHead(Index(set, threads, cancellation), Votes(set), neighbours, LogTarget, Threads, set.Classes, ValueNames(set));
        return new HeadFit<NeighbourHead>(head, new FitReport
        {
            Chosen = new Setting("neighbours", neighbours),
            Path = path,
            Seconds = clock.Elapsed.TotalSeconds,
            Rows = set.Count,
            Settings = Settings(),
            Notes = notes,
        });
    }

    HeadFit<IHead> IHeadTrainer.FitAndReport(EmbeddingSet set, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        var (head, report) = FitAndReport(set, progress, cancellation);
        return new HeadFit<IHead>(head, report);
    }

    private void CheckSettings()
    {
        Search.Check();
        if (Neighbours is < 1 || Threads < 0 || !(SoftmaxTemperature > 0 && double.IsFinite(SoftmaxTemperature)))
        {
            throw new FitException(
                $"Neighbours = {Neighbours}, SoftmaxTemperature = {SoftmaxTemperature}, Threads = {Threads}; " +
                "expected Neighbours of at least 1, or null to have their number chosen, SoftmaxTemperature above 0, Threads of at least 0");
        }

        if (Weighting == Weighting.Softmax && Distance != Distance.Cosine)
        {
            throw new FitException($"Weighting.Softmax weighs cosines, and Distance is {Distance}; expected Distance.Cosine with it");
        }
    }

    // Every row has an answer; notes on classes that no row has.
    private IEnumerable<string> CheckAnswers(EmbeddingSet set)
    {
        if (LogTarget && !set.IsRegression)
        {
            throw new FitException("LogTarget is set, and the set holds no targets; expected a number per row, or LogTarget left out");
        }

        if (set.IsRegression)
        {
            FitCheck.Targets(set, LogTarget);
            return [];
        }

        if (set.IsMultiLabel)
        {
            FitCheck.LabelSets(set);
            return ClassesWithoutRows.Note(set, set.LabelSets.SelectMany(labels => labels));
        }

        return ClassesWithoutRows.Note(set, FitCheck.Labels(set).Index().Where(p => p.Item).Select(p => p.Index));
    }

    private NeighbourIndex Index(EmbeddingSet set, int threads, CancellationToken cancellation) =>
        new(set.Rows, set.Weights, Distance, threads, cancellation);

    private NeighbourVotes Votes(EmbeddingSet set) => new()
    {
        Labels = set.IsRegression || set.IsMultiLabel ? [] : set.Labels,
        LabelSets = set.LabelSets,
        Targets = LogTarget ? Array.ConvertAll(set.Targets, Math.Log) : set.Targets,
        Weights = set.Weights,
        Outputs = set.IsRegression ? set.TargetCount : set.Classes.Count,
        Weighting = Weighting,
        Distance = Distance,
        Temperature = SoftmaxTemperature,
    };

    private static IReadOnlyList<string> ValueNames(EmbeddingSet set) =>
        !set.IsRegression ? [] : set.TargetNames.Count > 0 ? set.TargetNames : [IHead.ValueName];

    private static IEnumerable<string> LargestTried(int neighbours, IReadOnlyList<Trial> path)
    {
        if (path.Count > 1 && path[^1].Setting.Value == neighbours)
        {
            yield return $"the chosen {neighbours} neighbours are the most that were tried: more (NeighbourSearch.Values) may be better";
        }
    }

    private Dictionary<string, string> Settings()
    {
        var settings = new Dictionary<string, string> { ["distance"] = $"{Distance}", ["weighting"] = $"{Weighting}" };
        if (Weighting == Weighting.Softmax)
        {
            settings["softmaxTemperature"] = SoftmaxTemperature.ToString(CultureInfo.InvariantCulture);
        }

        if (LogTarget)
        {
            settings["logTarget"] = "true";
        }

        return settings;
    }
}
