using System.Globalization;
using System.Text;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// Scores of class probabilities against labels, equal to scikit-learn's given the same labels= list: classes without test
/// rows count in the macro means. Rows count alike; weights are not used.
/// </summary>
public sealed record ClassificationScores : Scores
{
    private const int TopClasses = 5;

    /// <summary>Part of the rows whose most probable class is the right one (the first of equals).</summary>
    public required double Accuracy { get; init; }

    /// <summary>95 % interval of <see cref="Accuracy"/>: 2,000 seeded resamples of rows, or of groups where there are any.</summary>
    public required Interval AccuracyInterval { get; init; }

    /// <summary>Part of the rows whose class is among the five most probable; 1 where there are five classes or fewer.</summary>
    public required double TopFive { get; init; }

    /// <summary>Mean precision over all classes.</summary>
    public required double MacroPrecision { get; init; }

    /// <summary>Mean recall over all classes.</summary>
    public required double MacroRecall { get; init; }

    /// <summary>Mean F1 over all classes.</summary>
    public required double MacroF1 { get; init; }

    /// <summary>
    /// Mean of -ln of the right class's probability, probabilities clipped to [e, 1 - e] with e = 2^-23 (float32's
    /// resolution) and brought to sum 1 again, as scikit-learn 1.2 does with float32.
    /// </summary>
    public required double LogLoss { get; init; }

    /// <summary>
    /// How far the probability of the most probable class is, on average, from the part of such rows that are right, in 15 bins
    /// of equal width (Guo et al. 2017).
    /// </summary>
    public required double ExpectedCalibrationError { get; init; }

    /// <summary>Those bins, from 0 to 1: mean probability of the most probable class, and accuracy.</summary>
    public required IReadOnlyList<CalibrationBin> CalibrationCurve { get; init; }

    /// <summary>Precision, recall and F1 per class, in label order.</summary>
    public required IReadOnlyList<ClassScores> PerClass { get; init; }

    /// <summary>k rows of k counts: row = right class, column = predicted class.</summary>
    public required int[][] Confusion { get; init; }

    /// <inheritdoc/>
    public override string MainName => "accuracy";

    /// <inheritdoc/>
    public override double Main => Accuracy;

    /// <inheritdoc/>
    public override Interval MainInterval => AccuracyInterval;

    /// <summary>Measures.</summary>
    /// <param name="probabilities">N x k.</param>
    /// <param name="labels">N right classes, 0 to k - 1.</param>
    /// <param name="classes">k names.</param>
    /// <param name="groups">Group per row, or empty.</param>
    /// <param name="seed">Of the interval's resamples.</param>
    /// <exception cref="ArgumentException">Sizes do not fit, there are no rows, or a value is unusable; the message names the row.</exception>
    public static ClassificationScores Of(
        IRows probabilities, int[] labels, IReadOnlyList<string> classes, string[]? groups = null, long seed = 0)
    {
        Check(probabilities, labels, classes);
        int count = labels.Length, width = classes.Count;
        var confusion = new int[width][];
        for (int c = 0; c < width; c++)
        {
            confusion[c] = new int[width];
        }

        var correct = new double[count];
        var ones = new double[count];
        Array.Fill(ones, 1);
        var answers = new (double Confidence, bool IsRight)[count];
        double top = 0, loss = 0;
        for (int i = 0; i < count; i++)
        {
            var row = probabilities[i];
            int predicted = First(row);
            confusion[labels[i]][predicted]++;
            correct[i] = predicted == labels[i] ? 1 : 0;
            answers[i] = (row[predicted], predicted == labels[i]);
            top += Rank(row, labels[i]) < TopClasses ? 1 : 0;
            loss += Loss(row, labels[i]);
        }

        var perClass = PerClassOf(confusion, classes);
        var curve = Heads.CalibrationCurve.Of(answers);
        return new ClassificationScores
        {
            Count = count,
            Accuracy = correct.Sum() / count,
            AccuracyInterval = Bootstrap.Of([correct, ones], groups ?? [], seed, sums => sums[0] / sums[1]),
            TopFive = top / count,
            MacroPrecision = perClass.Average(c => c.Precision),
            MacroRecall = perClass.Average(c => c.Recall),
            MacroF1 = perClass.Average(c => c.F1),
            LogLoss = loss / count,
            ExpectedCalibrationError = Heads.CalibrationCurve.Error(curve),
            CalibrationCurve = curve,
            PerClass = perClass,
            Confusion = confusion,
        };
    }

    /// <summary>A readable summary, one score a line.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"accuracy   {Accuracy:f4}  (95 %: {AccuracyInterval}, {Count} rows)\n");
        if (PerClass.Count > TopClasses)
        {
            text.Append(CultureInfo.InvariantCulture, $"top-5      {TopFive:f4}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"macro F1   {MacroF1:f4}  (precision {MacroPrecision:f4}, recall {MacroRecall:f4})\n");
        text.Append(CultureInfo.InvariantCulture, $"log loss   {LogLoss:f4}  (expected calibration error {ExpectedCalibrationError:f4})");
        return text.ToString();
    }

    private static void Check(IRows probabilities, int[] labels, IReadOnlyList<string> classes)
    {
        if (labels.Length == 0)
        {
            throw new ArgumentException("there are no rows to measure on; expected at least one labelled row");
        }

        if (probabilities.Count != labels.Length || probabilities.Width != classes.Count)
        {
            throw new ArgumentException(
                $"{probabilities.Count} x {probabilities.Width} probabilities for {labels.Length} labels and {classes.Count} classes; " +
                $"expected {labels.Length} x {classes.Count}");
        }

        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classes.Count)
            {
                throw new ArgumentException(
                    $"row {i} has the label {labels[i]}; expected 0 to {classes.Count - 1}: rows without a label cannot be measured on");
            }

            if (!FloatProducts.AllFinite(probabilities[i]))
            {
                throw new ArgumentException($"the probabilities of row {i} hold a NaN or infinite value; expected numbers from 0 to 1");
            }
        }
    }

    private static int First(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int c = 1; c < row.Length; c++)
        {
            best = row[c] > row[best] ? c : best;
        }

        return best;
    }

    // How many classes are ahead; of equals the first is ahead, as in First.
    private static int Rank(ReadOnlySpan<float> row, int label)
    {
        int ahead = 0;
        for (int c = 0; c < row.Length; c++)
        {
            ahead += row[c] > row[label] || (row[c] == row[label] && c < label) ? 1 : 0;
        }

        return ahead;
    }

    private static double Loss(ReadOnlySpan<float> row, int label)
    {
        const double Smallest = 1.0 / (1 << 23);
        double sum = 0;
        foreach (float probability in row)
        {
            sum += Math.Clamp(probability, Smallest, 1 - Smallest);
        }

        return -Math.Log(Math.Clamp(row[label], Smallest, 1 - Smallest) / sum);
    }

    private static ClassScores[] PerClassOf(int[][] confusion, IReadOnlyList<string> classes)
    {
        static double Quotient(double above, double below) => below == 0 ? 0 : above / below;
        var result = new ClassScores[classes.Count];
        for (int c = 0; c < result.Length; c++)
        {
            int hits = confusion[c][c], rows = confusion[c].Sum(), predicted = confusion.Sum(row => row[c]);
            result[c] = new ClassScores(
                classes[c], Quotient(hits, predicted), Quotient(hits, rows), Quotient(2.0 * hits, rows + predicted), rows);
        }

        return result;
    }
}
