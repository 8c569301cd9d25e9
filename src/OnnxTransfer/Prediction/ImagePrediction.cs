using System.Collections;

namespace OnnxTransfer.Prediction;

/// <summary>A model's answer for one item: classes from most to least probable, or a number.</summary>
public sealed class ImagePrediction : IReadOnlyList<ClassProbability>
{
    private readonly ClassProbability[] _ranked;

    internal ImagePrediction(IReadOnlyList<string> classes, float[] output)
    {
        Output = output;
        _ranked = [.. classes.Zip(output, (label, probability) => new ClassProbability(label, probability))
            .OrderByDescending(entry => entry.Probability)];
    }

    /// <summary>The model's raw output: k probabilities in class order, or one value.</summary>
    public IReadOnlyList<float> Output { get; }

    /// <summary>The predicted number of a regression.</summary>
    /// <exception cref="InvalidOperationException">The model is a classifier.</exception>
    public float Value => _ranked.Length == 0
        ? Output[0]
        : throw new InvalidOperationException("this model predicts classes; read its entries instead");

    /// <inheritdoc/>
    public int Count => _ranked.Length;

    /// <inheritdoc/>
    public ClassProbability this[int index] => _ranked[index];

    /// <inheritdoc/>
    public IEnumerator<ClassProbability> GetEnumerator() => ((IEnumerable<ClassProbability>)_ranked).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
