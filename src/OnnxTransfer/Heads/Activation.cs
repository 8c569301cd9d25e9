namespace OnnxTransfer.Heads;

/// <summary>What a linear head does with Wx + b.</summary>
public enum Activation
{
    /// <summary>Class probabilities: exp of each logit over the sum of all.</summary>
    Softmax,

    /// <summary>Probabilities of labels that exclude no other: 1 / (1 + exp(-logit)), each for itself.</summary>
    Sigmoid,

    /// <summary>The value itself.</summary>
    Identity,

    /// <summary>The exponential: the head was fitted on the logarithm of a positive target.</summary>
    Exponential,
}
