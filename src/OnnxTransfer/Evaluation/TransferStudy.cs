using System.Globalization;
using OnnxTransfer.Datasets;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// What transfer bought: ways to learn the same task, with transfer and without, are given the same nested, stratified shares of
/// the labels and measured on the same test items. After Kornblith, Shlens and Le ("Do better ImageNet models transfer better?",
/// CVPR 2019), who compare frozen probe, fine-tuning and training from scratch over counts of labels, and Torrey and Shavlik
/// ("Transfer learning", 2010), who measure what transfer brings against learning without it.
/// </summary>
public sealed record TransferStudy
{
    /// <summary>The shares of the labels, each above 0 and at most 1; the largest is what comparisons speak of as all labels.</summary>
    public IReadOnlyList<double> Shares { get; init; } = [0.01, 0.05, 0.1, 0.25, 1];

    /// <summary>How often labels are drawn and everything is trained.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>Decides the drawings, the ways' seeds and the intervals.</summary>
    public long Seed { get; init; }

    /// <summary>
    /// A JSON file that keeps the answers of every finished training: a study that was interrupted goes on from there. Null: nothing is
    /// kept. Not to be written by two studies at once.
    /// </summary>
    public string? Results { get; init; }

    /// <summary>What names the images' content, such as <see cref="Embeddings.EmbedRun.ContentSha256"/>: answers to other images are not taken for these.</summary>
    public string Content { get; init; } = "";

    /// <summary>Trains every way on every share and measures. A way that fails is reported, and the others go on.</summary>
    /// <param name="data">
    /// Items of a train and a test split; those of a validation split are labels like the train items, and each way holds out what it
    /// needs.
    /// </param>
    /// <param name="ways">At least one, each name once.</param>
    /// <param name="said">Is told what has been done, a line each; null: nobody.</param>
    /// <param name="cancellation">Ends it with <see cref="OperationCanceledException"/>; what is finished is kept.</param>
    /// <exception cref="TransferException">Settings, data or ways tell nothing to be done, or the file of results is not one.</exception>
    public TransferResult Run(Dataset data, IReadOnlyList<TransferWay> ways, Action<string>? said = null, CancellationToken cancellation = default)
    {
        Check(data, ways);
        var tasks = new TransferTasks(data, Content, Seed, Repeats);
        var measure = new TransferMeasure(data, tasks.Test);
        var cells = TransferCells.Open(Results);
        double[] shares = [.. Shares.Distinct().Order()];
        var (points, comparisons) = (new List<TransferPoint>(), new List<TransferComparison>());
        int kept = 0, made = 0;
        foreach (double share in shares)
        {
            var here = Array.ConvertAll([.. ways], way => Point(way, share));
            points.AddRange(here);
            comparisons.AddRange(Pairs(here).Select(pair => TransferComparison.Of(pair.Way, pair.Base, measure, Seed)));
        }

        var last = points.TakeLast(ways.Count).ToArray();
        var scratch = Array.Find(last, point => point.Way == TransferWay.Scratch);
        TransferPoint[] others = scratch is null ? [] : [.. last.Where(point => point != scratch)];
        return new TransferResult
        {
            MeasureName = measure.Name,
            Chance = measure.Chance,
            TestItems = tasks.Test.Length,
            Points = points,
            Comparisons = comparisons,
            CatchUps = [.. others.Select(other => TransferReach.Of(Curve(TransferWay.Scratch), other)).OfType<TransferReach>()],
            Savings = [.. others.Select(other => TransferReach.Of(Curve(other.Way), scratch)).OfType<TransferReach>()],
            Kept = kept,
            Made = made,
        };

        IEnumerable<TransferPoint> Curve(string way) => points.Where(point => point.Way == way);

        TransferPoint Point(TransferWay way, double share)
        {
            var own = tasks.Of(way, share, share == shares[^1]);
            var (found, failures) = (new List<TransferCell>(), new List<string>());
            foreach (var task in own)
            {
                try
                {
                    found.Add(Cell(way, task));
                }
                catch (OnnxTransferException error) when (error is not Embeddings.CacheException)
                {
                    failures.Add(error.Message);
                    said?.Invoke($"{Told(way, task)}: failed: {error.Message}");
                }
            }

            string? failure = failures.Count == 0 ? null
                : own.Length == 1 ? failures[0]
                : $"{failures.Count} of {own.Length} repeats: {string.Join("; ", failures.Distinct())}";
            return Mean(way.Name, share, (int)Math.Round(own.Average(task => task.Train.Length)), found, measure) with { Failure = failure };
        }

        TransferCell Cell(TransferWay way, TransferTask task)
        {
            cancellation.ThrowIfCancellationRequested();
            if (cells.Find(task.Key, tasks.Test.Length * measure.AnswerWidth) is { } old)
            {
                kept++;
                return old;
            }

            var answer = way.Run(task, cancellation);
            var cell = new TransferCell(
                task.Key, way.Name, task.Train.Length, task.Repeat, answer.Seconds, measure.Answers(answer.Predictions), answer.SourceLoss, answer.Notes);
            cells.Add(cell);
            answer.Kept?.Invoke();
            made++;
            said?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{Told(way, task)}: {measure.Name} {measure.Of(measure.Columns(cell.Answers)):f4}, {cell.Seconds:f1} s"));
            return cell;
        }

        string Told(TransferWay way, TransferTask task) => $"{way.Name} on {task.Train.Length} labels{(Repeats > 1 ? $", repeat {task.Repeat + 1} of {Repeats}" : "")}";
    }

    // Every way with transfer against scratch, and fine-tuned against the probe.
    private static IEnumerable<(TransferPoint Way, TransferPoint Base)> Pairs(TransferPoint[] points)
    {
        var there = points.Where(point => point.Columns.Length > 0).ToArray();
        TransferPoint? Of(string way) => Array.Find(there, point => point.Way == way);
        if (Of(TransferWay.Scratch) is { } scratch)
        {
            foreach (var point in there.Where(point => point != scratch))
            {
                yield return (point, scratch);
            }
        }

        if (Of(TransferWay.FineTuned) is { } tuned && Of(TransferWay.Probe) is { } probe)
        {
            yield return (tuned, probe);
        }
    }

    private TransferPoint Mean(string way, double share, int labels, List<TransferCell> cells, TransferMeasure measure)
    {
        var point = new TransferPoint
        {
            Way = way, Share = share, Labels = labels, Performance = double.NaN, Interval = new(double.NaN, double.NaN), Seconds = double.NaN,
        };
        if (cells.Count == 0)
        {
            return point;
        }

        double[][][] repeats = [.. cells.Select(cell => measure.Columns(cell.Answers))];
        double[][] columns = [.. repeats[0].Select((column, c) => column.Select((_, row) => repeats.Average(repeat => repeat[c][row])).ToArray())];
        double[] each = Array.ConvertAll(repeats, measure.Of);
        double mean = measure.Of(columns);
        return point with
        {
            Performance = mean,
            Interval = Bootstrap.Of(columns, measure.Groups, Seed, measure.Of),
            Seconds = cells.Average(cell => cell.Seconds),
            Deviation = each.Length < 2 ? null : Math.Sqrt(each.Sum(value => (value - each.Average()) * (value - each.Average())) / (each.Length - 1)),
            Notes = [.. cells.SelectMany(cell => cell.Notes).Distinct()],
            SourceLoss = cells.Select(cell => cell.SourceLoss).FirstOrDefault(loss => loss is not null),
            Columns = columns,
        };
    }

    private void Check(Dataset data, IReadOnlyList<TransferWay> ways)
    {
        Refuse(ways.Count == 0, "no way to learn is given; expected at least one, such as TransferWay.Probe");
        Refuse(ways.DistinctBy(way => way.Name).Count() < ways.Count, $"the ways {string.Join(", ", ways.Select(way => way.Name))} do not differ in their names; give each its own");
        Refuse(Shares.Count == 0 || Shares.Any(share => !(share is > 0 and <= 1)), $"the shares {string.Join(", ", Shares)}; expected at least one, each above 0 and at most 1");
        Refuse(Repeats < 1, $"Repeats = {Repeats}; expected 1 or more");
        Refuse(!data.Items.Any(item => item.Split == Split.Test), $"{data.Source}: no test items; draw some with Dataset.Draw(Split.Test, ...)");
        Refuse(data.Items.All(item => item.Split == Split.Test), $"{data.Source}: nothing but test items; expected train items too");
        Refuse(!data.IsRegression && data.Classes.Count < 2, $"{data.Source}: {data.Classes.Count} classes; expected two or more, or numbers to predict");
        var bare = data.Items.FirstOrDefault(item => data.IsRegression
            ? !(data.TargetNames.Count > 0 ? item.Targets.All(double.IsFinite) : double.IsFinite(item.Target))
            : !data.IsMultiLabel && item.Label < 0);
        Refuse(bare is not null, $"{data.Source}: {bare?.Name} has no label; take it out: it can be neither learned from nor measured on");
    }

    private static void Refuse(bool isWrong, string message)
    {
        if (isWrong)
        {
            throw new TransferException(message);
        }
    }
}
