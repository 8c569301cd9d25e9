using System.Globalization;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// Scores of label probabilities where a row may have several labels, or none; equal to scikit-learn's. A label is predicted
/// where its probability is above 0.5. Rows count alike; weights are not used.
/// </summary>
public sealed record LabelScores : Scores
{
    // A resample walks all probabilities; where there are many, the interval is narrow and fewer resamples tell it.
    private const long ProbabilitiesWalked = 200_000_000;
    private const int FewestResamples = 200;

    /// <summary>
    /// Mean over the labels of the average precision: sum over thresholds of (recall - recall before) x precision, which
    /// asks how well rows are ranked and needs no threshold. A label without test rows counts as 0.
    /// </summary>
    public required double MeanAveragePrecision { get; init; }

    /// <summary>
    /// 95 % interval of <see cref="MeanAveragePrecision"/>: 2,000 seeded resamples of rows, or of groups where there are any;
    /// fewer beyond 100,000 probabilities, at least 200. A label that a resample happens to lack is left out of its mean. Rows
    /// drawn twice rank as equals, which raises an average precision a little: the resamples are moved back by that.
    /// </summary>
    public required Interval MeanAveragePrecisionInterval { get; init; }

    /// <summary>Mean F1 over all labels.</summary>
    public required double MacroF1 { get; init; }

    /// <summary>F1 of all rows' labels taken together.</summary>
    public required double MicroF1 { get; init; }

    /// <summary>Part of the rows of which every label is right.</summary>
    public required double SubsetAccuracy { get; init; }

    /// <summary>Every label by itself, in label order.</summary>
    public required IReadOnlyList<SingleLabelScores> PerLabel { get; init; }

    /// <inheritdoc/>
    public override string MainName => "mean average precision";

    /// <inheritdoc/>
    public override double Main => MeanAveragePrecision;

    /// <inheritdoc/>
    public override Interval MainInterval => MeanAveragePrecisionInterval;

    /// <summary>Measures.</summary>
    /// <param name="probabilities">N x k, each from 0 to 1.</param>
    /// <param name="labelSets">N rows of right labels, each 0 to k - 1.</param>
    /// <param name="labels">k names.</param>
    /// <param name="groups">Group per row, or empty.</param>
    /// <param name="seed">Of the interval's resamples.</param>
    /// <exception cref="ArgumentException">Sizes do not fit, there are no rows, or a value is unusable; the message names the row.</exception>
    public static LabelScores Of(
        IRows probabilities, int[][] labelSets, IReadOnlyList<string> labels, string[]? groups = null, long seed = 0)
    {
        Check(probabilities, labelSets, labels);
        int count = labelSets.Length;
        Ranking[] rankings = [.. Enumerable.Range(0, labels.Count).Select(label => new Ranking(probabilities, labelSets, label))];
        var once = new int[count];
        Array.Fill(once, 1);
        SingleLabelScores[] perLabel = [.. rankings.Select((ranking, label) => ranking.Scores(labels[label], once))];
        double hits = rankings.Sum(ranking => (double)ranking.Hits), told = rankings.Sum(ranking => (double)ranking.Predicted), borne = labelSets.Sum(set => (double)set.Length);
        Ranking[] known = [.. rankings.Where(ranking => ranking.Borne > 0)];
        double precision = perLabel.Average(label => label.AveragePrecision);
        int resamples = (int)Math.Clamp(ProbabilitiesWalked / ((long)count * labels.Count), FewestResamples, Bootstrap.Resamples);
        return new LabelScores
        {
            Count = count,
            MeanAveragePrecision = precision,
            MeanAveragePrecisionInterval = known.Length == 0
                ? new Interval(0, 0)
                : Bootstrap.OfCounts(count, groups ?? [], seed, resamples, precision, counts => Mean(known, counts) * known.Length / labels.Count),
            MacroF1 = perLabel.Average(label => label.F1),
            MicroF1 = Quotient(2 * hits, told + borne),
            SubsetAccuracy = Enumerable.Range(0, count).Count(i => AllRight(probabilities[i], labelSets[i])) / (double)count,
            PerLabel = perLabel,
        };
    }

    /// <summary>A readable summary, one score a line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"mean average precision {MeanAveragePrecision:f4}  (95 %: {MeanAveragePrecisionInterval}, {Count} rows)\n" +
        $"macro F1   {MacroF1:f4}  (micro F1 {MicroF1:f4})\n" +
        $"all labels of a row right {SubsetAccuracy:f4}");

    private static void Check(IRows probabilities, int[][] labelSets, IReadOnlyList<string> labels)
    {
        if (labelSets.Length == 0)
        {
            throw new ArgumentException("there are no rows to measure on; expected at least one row with its labels");
        }

        if (probabilities.Count != labelSets.Length || probabilities.Width != labels.Count)
        {
            throw new ArgumentException(
                $"{probabilities.Count} x {probabilities.Width} probabilities for {labelSets.Length} rows of labels and {labels.Count} label names; " +
                $"expected {labelSets.Length} x {labels.Count}");
        }

        for (int i = 0; i < labelSets.Length; i++)
        {
            if (Array.Exists(labelSets[i], label => (uint)label >= (uint)labels.Count) || labelSets[i].Distinct().Count() < labelSets[i].Length)
            {
                throw new ArgumentException($"row {i} has the labels {string.Join(", ", labelSets[i])}; expected numbers from 0 to {labels.Count - 1}, each once");
            }

            if (!FloatProducts.AllFinite(probabilities[i]))
            {
                throw new ArgumentException($"the probabilities of row {i} hold a NaN or infinite value; expected numbers from 0 to 1");
            }
        }
    }

    private static bool AllRight(ReadOnlySpan<float> row, int[] labels)
    {
        for (int label = 0; label < row.Length; label++)
        {
            if (IsPredicted(row[label]) != labels.Contains(label))
            {
                return false;
            }
        }

        return true;
    }

    private static double Mean(Ranking[] rankings, int[] counts)
    {
        double[] precisions = [.. rankings.Select(ranking => ranking.AveragePrecision(counts)).Where(value => !double.IsNaN(value))];
        return precisions.Length == 0 ? double.NaN : precisions.Average();
    }

    private static bool IsPredicted(float probability) => probability > 0.5f;

    private static double Quotient(double above, double below) => below == 0 ? 0 : above / below;

    // The rows in falling order of one label's probability.
    private sealed class Ranking
    {
        private readonly int[] _order;
        private readonly bool[] _bears;
        private readonly bool[] _endsTie;

        public Ranking(IRows probabilities, int[][] labelSets, int label)
        {
            float[] values = [.. Enumerable.Range(0, labelSets.Length).Select(i => probabilities[i][label])];
            _order = [.. Enumerable.Range(0, values.Length).OrderByDescending(i => values[i])];
            _bears = Array.ConvertAll(_order, i => labelSets[i].Contains(label));
            _endsTie = [.. Enumerable.Range(0, values.Length).Select(place => place + 1 == values.Length || values[_order[place + 1]] < values[_order[place]])];
            Borne = _bears.Count(bears => bears);
            Predicted = values.Count(IsPredicted);
            Hits = _bears.Take(Predicted).Count(bears => bears);
        }

        public int Borne { get; }

        public int Predicted { get; }

        public int Hits { get; }

        public SingleLabelScores Scores(string name, int[] once) => new(
            name, Borne == 0 ? 0 : AveragePrecision(once), Quotient(Hits, Predicted), Quotient(Hits, Borne), Quotient(2.0 * Hits, Predicted + Borne), Borne);

        /// <summary>With every row as often as <paramref name="counts"/> says; NaN where none bears the label.</summary>
        public double AveragePrecision(int[] counts)
        {
            long seen = 0, hits = 0, before = 0;
            double sum = 0;
            for (int place = 0; place < _order.Length; place++)
            {
                int times = counts[_order[place]];
                seen += times;
                hits += _bears[place] ? times : 0;
                if (_endsTie[place] && hits > before)
                {
                    sum += (hits - before) * ((double)hits / seen);
                    before = hits;
                }
            }

            return sum / hits;
        }
    }
}
