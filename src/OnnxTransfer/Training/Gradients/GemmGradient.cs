using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>y = alpha A B + beta C, A and B transposed where said: dA and dB are products of dy with the other, dC = beta dy.</summary>
internal static class GemmGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        bool transA = node.Node.Long("transA", 0) != 0, transB = node.Node.Long("transB", 0) != 0;
        string a = node.Input(0), b = node.Input(1);
        return
        [
            !node.Needs(0) ? null : transA ? Product(b, transB, gradient, true) : Product(gradient, false, b, !transB),
            !node.Needs(1) ? null : transB ? Product(gradient, true, a, transA) : Product(a, !transA, gradient, false),
            node.Needs(2) ? OfTerm(node, gradient) : null,
        ];

        string Product(string left, bool transLeft, string right, bool transRight) => node.Add(
            "Gemm", [left, right], ("alpha", node.Node.Float("alpha", 1)), ("transA", transLeft ? 1 : 0), ("transB", transRight ? 1 : 0));
    }

    private static string OfTerm(GradientNode node, string gradient)
    {
        string sum = node.SumTo(gradient, node.Input(2));
        float beta = node.Node.Float("beta", 1);
        return beta == 1 ? sum : node.Add("Mul", [sum, node.Number(beta, node.Output)]);
    }
}
