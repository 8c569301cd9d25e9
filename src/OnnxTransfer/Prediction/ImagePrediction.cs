using System.Collections;
using System.Globalization;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Prediction;

/// <summary>A model's answer for one item: classes or labels from most to least probable, or numbers.</summary>
public sealed class ImagePrediction : IReadOnlyList<ClassProbability>
{
    private const float Half = 0.5f;
    private const int Shown = 5;

    private readonly ModelCard _card;
    private readonly ClassProbability[] _ranked;

    internal ImagePrediction(ModelCard card, float[] output)
    {
        (_card, Output) = (card, output);
        _ranked = [.. card.Classes.Zip(output, (label, probability) => new ClassProbability(label, probability))
            .OrderByDescending(entry => entry.Probability)];
    }

    /// <summary>The model's raw output: k probabilities in class order, or m values.</summary>
    public IReadOnlyList<float> Output { get; }

    /// <summary>The predicted number of a regression: of an interval the middle, of several the first.</summary>
    /// <exception cref="InvalidOperationException">The model is a classifier.</exception>
    public float Value => Values.TryGetValue(IHead.ValueName, out float value) ? value : Output[0];

    /// <summary>All predicted numbers by name: "value"; "low", "value", "high" of an interval; or the names of the targets.</summary>
    /// <exception cref="InvalidOperationException">The model is a classifier.</exception>
    public IReadOnlyDictionary<string, float> Values => _card.IsRegression
        ? _card.ValueNames.DefaultIfEmpty(IHead.ValueName).Zip(Output).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal)
        : throw new InvalidOperationException("this model predicts classes; read its entries instead");

    /// <summary>Of a model that answers with any number of labels, those above 0.5; of a classifier the first class; of a regression none.</summary>
    public IReadOnlyList<string> Labels => _card.Task == HeadTask.Labels
        ? [.. _ranked.TakeWhile(entry => entry.Probability > Half).Select(entry => entry.Label)]
        : [.. _ranked.Take(1).Select(entry => entry.Label)];

    /// <inheritdoc/>
    public int Count => _ranked.Length;

    /// <inheritdoc/>
    public ClassProbability this[int index] => _ranked[index];

    /// <inheritdoc/>
    public IEnumerator<ClassProbability> GetEnumerator() => ((IEnumerable<ClassProbability>)_ranked).GetEnumerator();

    /// <summary>"rose 0.93, tulip 0.05, ..." or "value 12.5".</summary>
    public override string ToString() => _card.IsRegression
        ? string.Join(", ", Values.Select(value => string.Create(CultureInfo.InvariantCulture, $"{value.Key} {value.Value:G6}")))
        : string.Join(", ", _ranked.Take(Shown)) + (_ranked.Length > Shown ? ", ..." : "");

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
