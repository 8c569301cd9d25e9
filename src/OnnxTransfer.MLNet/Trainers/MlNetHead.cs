using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.MLNet;

/// <summary>
/// What an ML.NET trainer learned, where it is no <see cref="LinearHead"/>: one-versus-all classifiers, trees, naive Bayes,
/// additive models. Any number of threads may predict at once.
/// </summary>
public sealed class MlNetHead : IHead
{
    private readonly IScores _scores;
    private readonly Link _link;

    internal MlNetHead(IScores scores, Link link, IReadOnlyList<string> classes)
    {
        _scores = scores;
        _link = link;
        Classes = classes;
    }

    /// <inheritdoc/>
    public int Width => _scores.Width;

    /// <inheritdoc/>
    public int Outputs => _scores.Outputs;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public Matrix Predict(IRows rows)
    {
        PredictCheck.Width(this, rows.Width);
        var result = new Matrix(rows.Count, Outputs);
        _scores.Score(rows, result);
        Parallel.For(0, rows.Count, i => Answer(result.Row(i)));
        return result;
    }

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> embedding, Span<float> result)
    {
        PredictCheck.Row(this, embedding, result);
        var scores = new Matrix(1, Outputs);
        _scores.Score(new Matrix(1, Width, embedding.ToArray()), scores);
        Answer(scores.Row(0));
        scores.Row(0).CopyTo(result);
    }

    /// <inheritdoc/>
    public OnnxModel ToOnnx(int opset = 13)
    {
        var builder = GraphBuilder.Empty(opset, "head");
        builder.Input(IHead.EmbeddingName, ElementType.Float, -1, Width);
        string output = Classes.Count > 0 ? IHead.ProbabilitiesName : IHead.ValueName;
        string scores = _scores.Write(builder, IHead.EmbeddingName);
        switch (_link)
        {
            case Link.Softmax:
                builder.NodeInto(output, "Softmax", [scores], ("axis", 1));
                break;
            case Link.OneVersusAll:
                string negative = builder.Node("Neg", [scores], "head_negative_scores");
                string softplus = builder.Node("Softplus", [negative], "head_softplus");
                builder.NodeInto(output, "Softmax", [builder.Node("Neg", [softplus], "head_log_sigmoids")], ("axis", 1));
                break;
            default:
                builder.NodeInto(output, _link == Link.Exponential ? "Exp" : "Identity", [scores]);
                break;
        }

        builder.Output(output, ElementType.Float, -1, Outputs);
        return builder.Build();
    }

    // Scores become the answer, in place.
    private void Answer(Span<float> scores)
    {
        for (int c = 0; c < scores.Length; c++)
        {
            double score = scores[c];
            scores[c] = _link switch
            {
                // -softplus(-s), written so that exp never overflows.
                Link.OneVersusAll => (float)(Math.Min(score, 0) - Math.Log(1 + Math.Exp(-Math.Abs(score)))),
                Link.Exponential => (float)Math.Exp(score),
                _ => scores[c],
            };
        }

        if (_link is Link.Softmax or Link.OneVersusAll)
        {
            Softmax.Apply(scores);
        }
    }
}
