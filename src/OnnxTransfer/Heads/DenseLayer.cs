namespace OnnxTransfer.Heads;

/// <summary>A layer of a perceptron: W x + b.</summary>
public sealed class DenseLayer
{
    /// <summary>A layer of given weights; nothing is copied.</summary>
    /// <param name="weights">k x D, row-major: the weights of output c start at c x D.</param>
    /// <param name="bias">k values.</param>
    /// <exception cref="ArgumentException">The sizes do not fit each other.</exception>
    public DenseLayer(float[] weights, float[] bias)
    {
        if (bias.Length == 0 || weights.Length == 0 || weights.Length % bias.Length != 0)
        {
            throw new ArgumentException($"a layer of {weights.Length} weights and {bias.Length} biases does not fit together; expected k x D weights and k biases");
        }

        (Weights, Bias) = (weights, bias);
    }

    /// <summary>k x D weights, row-major.</summary>
    public float[] Weights { get; }

    /// <summary>k biases.</summary>
    public float[] Bias { get; }

    /// <summary>D, the number of its inputs.</summary>
    public int Inputs => Weights.Length / Bias.Length;

    /// <summary>k, the number of its outputs.</summary>
    public int Outputs => Bias.Length;
}
