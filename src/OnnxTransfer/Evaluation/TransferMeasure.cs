using OnnxTransfer.Datasets;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// The performance by which ways are compared, higher being better: accuracy of classes, micro F1 of several labels, R2 of a
/// number, mean R2 of several. All are functions of sums over test items, which is what the paired bootstrap wants.
/// </summary>
internal sealed class TransferMeasure
{
    private readonly DatasetItem[] _test;
    private readonly int _width;
    private readonly bool _isOfClasses, _isOfValues;

    public TransferMeasure(Dataset data, int[] test)
    {
        _test = Array.ConvertAll(test, i => data.Items[i]);
        (_isOfValues, _isOfClasses) = (data.IsRegression, !data.IsRegression && !data.IsMultiLabel);
        _width = data.IsRegression ? Math.Max(1, data.TargetNames.Count) : data.Classes.Count;
        Name = _isOfClasses ? "accuracy" : !_isOfValues ? "micro F1" : _width == 1 ? "R2" : "mean R2";
        Groups = Array.TrueForAll(_test, item => item.Group is null) ? [] : [.. _test.Select((item, i) => item.Group ?? $"\u0000{i}")];
    }

    /// <summary>Its name: "accuracy".</summary>
    public string Name { get; }

    /// <summary>
    /// What is reached without looking at an item: by always answering the commonest class of the test items, or their mean. NaN for
    /// several labels an item.
    /// </summary>
    public double Chance => _isOfClasses ? (double)_test.CountBy(item => item.Label).Max(label => label.Value) / _test.Length : _isOfValues ? 0 : double.NaN;

    /// <summary>Group of every test item, or empty: what the bootstrap resamples whole.</summary>
    public string[] Groups { get; }

    /// <summary>Numbers that are kept of each test item's answer.</summary>
    public int AnswerWidth => _isOfClasses ? 1 : _width;

    /// <summary>What is kept of predictions: the most probable class (the first of equals), 1 for each label above 0.5, or the values.</summary>
    /// <exception cref="TransferException">They are not those of the test items.</exception>
    public float[] Answers(Matrix predictions)
    {
        if (predictions.Count != _test.Length || predictions.Width != _width)
        {
            throw new TransferException($"answered {predictions.Count} x {predictions.Width} numbers; expected {_test.Length} x {_width}: a row for each test item");
        }

        if (Array.FindIndex(predictions.Values, value => !float.IsFinite(value)) is var bad && bad >= 0)
        {
            throw new TransferException($"answered {predictions.Values[bad]} for {_test[bad / _width].Name}; expected finite numbers");
        }

        return _isOfValues ? [.. predictions.Values]
            : !_isOfClasses ? Array.ConvertAll(predictions.Values, probability => probability > 0.5f ? 1f : 0)
            : [.. Enumerable.Range(0, predictions.Count).Select(i => (float)Highest(predictions[i]))];
    }

    /// <summary>Per column one value per test item; <see cref="Of(double[])"/> is a function of their sums.</summary>
    public double[][] Columns(float[] answers)
    {
        if (_isOfClasses)
        {
            return [[.. _test.Select((item, i) => answers[i] == item.Label ? 1.0 : 0)], Array.ConvertAll(_test, _ => 1.0)];
        }

        if (_isOfValues)
        {
            return [.. Enumerable.Range(0, _width).SelectMany(t => RegressionScores.Columns(
                [.. _test.Select((_, i) => (double)answers[(i * _width) + t])],
                Array.ConvertAll(_test, item => item.Targets.Length == 0 ? item.Target : item.Targets[t])))];
        }

        return
        [
            [.. _test.Select((item, i) => 2.0 * item.LabelSet.Count(label => answers[(i * _width) + label] == 1))],
            [.. _test.Select((item, i) => item.LabelSet.Length + (double)answers.AsSpan(i * _width, _width).Count(1f))],
        ];
    }

    /// <summary>The performance from sums of columns.</summary>
    public double Of(double[] sums) => _isOfValues
        ? sums.Chunk(RegressionScores.ColumnCount).Average(RegressionScores.R2OfSums)
        : sums[1] == 0 ? 0 : sums[0] / sums[1];

    /// <summary>The performance of all test items.</summary>
    public double Of(double[][] columns) => Of(Array.ConvertAll(columns, column => column.Sum()));

    private static int Highest(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int c = 1; c < row.Length; c++)
        {
            best = row[c] > row[best] ? c : best;
        }

        return best;
    }
}
