using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.MLNet;

/// <summary>What an ML.NET model computes of an embedding before a <see cref="Link"/> makes an answer of it: k numbers.</summary>
internal interface IScores
{
    /// <summary>D.</summary>
    int Width { get; }

    /// <summary>k.</summary>
    int Outputs { get; }

    /// <summary>Whether every learned number is finite.</summary>
    bool AllFinite { get; }

    /// <summary>Fills N x k scores of N x D embeddings; a row's bits do not depend on its neighbours.</summary>
    void Score(IRows rows, Matrix scores);

    /// <summary>Adds the same computation to a graph and returns the name of its scores, float [N, k].</summary>
    /// <exception cref="FitException">It has no ONNX form.</exception>
    string Write(GraphBuilder builder, string embedding);
}
