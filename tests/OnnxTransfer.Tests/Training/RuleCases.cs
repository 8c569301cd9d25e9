namespace OnnxTransfer.Tests.Training;

/// <summary>A case for every rule of the table: operators on images have a file of their own.</summary>
internal static class RuleCases
{
    public static IReadOnlyDictionary<string, RuleCase> All { get; } = new Dictionary<string, RuleCase>[] { Elementwise(), Broadcasting(), Layout(), Reductions() }
        .SelectMany(cases => cases).ToDictionary(StringComparer.Ordinal);

    private static Dictionary<string, RuleCase> Elementwise() => new()
    {
        ["Abs"] = Each("Abs"),
        ["Cast"] = new(g => g.Node("Cast", [g.Node("Cast", [g.Values(g.Shape())], ("to", 1))], ("to", (int)g.Type))) { FloatOnly = true },
        ["Clip"] = new(g => g.Node("Clip", [g.Values(g.Shape()), g.Scalar(-0.5), g.Scalar(1)])),
        ["Dropout"] = Each("Dropout"),
        ["Elu"] = new(g => g.Node("Elu", [g.Values(g.Shape())], ("alpha", 0.5f))) { FloatOnly = true, Plain = x => x > 0 ? x : 0.5 * (Math.Exp(x) - 1) },
        ["Erf"] = Each("Erf") with { FloatOnly = true, Plain = Erf },
        ["Exp"] = Each("Exp"),
        ["Gelu"] = Each("Gelu") with { FloatOnly = true, Since = 20, Plain = x => x * (1 + Erf(x / Math.Sqrt(2))) / 2 },
        ["HardSigmoid"] = new(g => g.Node("HardSigmoid", [g.Values(g.Shape())], ("alpha", 0.75f), ("beta", 0.25f)))
        {
            FloatOnly = true, Plain = x => Math.Clamp((0.75 * x) + 0.25, 0, 1),
        },
        ["HardSwish"] = new(g => g.Node("HardSwish", [g.Between(-4, 4, g.Shape())])) { FloatOnly = true, Since = 14, Plain = x => x * Math.Clamp((x / 6) + 0.5, 0, 1) },
        ["Identity"] = Each("Identity"),
        ["LeakyRelu"] = new(g => g.Node("LeakyRelu", [g.Values(g.Shape())], ("alpha", 0.25f))) { FloatOnly = true, Plain = x => x > 0 ? x : 0.25 * x },
        ["Log"] = Each("Log", 0.2),
        ["Neg"] = Each("Neg"),
        ["Reciprocal"] = Each("Reciprocal", 0.3),
        ["Relu"] = Each("Relu"),
        ["Sigmoid"] = Each("Sigmoid"),
        ["Softplus"] = Each("Softplus") with { FloatOnly = true, Plain = x => Math.Log(1 + Math.Exp(x)) },
        ["Sqrt"] = Each("Sqrt", 0.2),
        ["Tanh"] = Each("Tanh"),
    };

    private static Dictionary<string, RuleCase> Broadcasting() => new()
    {
        ["Add"] = Pair("Add"),
        ["Div"] = Pair("Div", 0.5),
        ["Max"] = Several("Max"),
        ["Mean"] = Several("Mean") with { FloatOnly = true },
        ["Min"] = Several("Min"),
        ["Mul"] = Pair("Mul"),
        ["PRelu"] = new(g =>
        {
            long[] shape = g.Shape();
            return g.Node("PRelu", [g.Values(shape), g.Values(g.Narrower(shape))]);
        }) { FloatOnly = true },
        ["Pow"] = new(g =>
        {
            long[] shape = g.Shape();
            return g.Node("Pow", [g.Between(0.3, 2, g.Narrower(shape)), g.Pick(3) switch { 0 => g.Reals(2), 1 => g.Longs(3), _ => g.Fixed(shape) }]);
        }),
        ["Sub"] = Pair("Sub"),
        ["Sum"] = Several("Sum"),
        ["Where"] = new(g =>
        {
            long[] shape = g.Shape(3);
            string condition = g.Node("Greater", [g.Fixed(g.Narrower(shape)), g.Reals(0)]);
            return g.Node("Where", [condition, g.Values(g.Narrower(shape)), g.Values(shape)]);
        }),
    };

    private static Dictionary<string, RuleCase> Layout() => new()
    {
        ["Concat"] = new(g =>
        {
            long[] shape = g.Shape(3);
            int axis = g.Pick(3);
            string[] parts = [.. Enumerable.Range(0, 3).Select(_ => g.Values([.. shape.Select((dim, i) => i == axis ? g.Dim(1) : dim)]))];
            return g.Node("Concat", parts, ("axis", axis - (3 * g.Pick(2))));
        }),
        ["Expand"] = new(g =>
        {
            long[] shape = g.Shape(3);
            return g.Node("Expand", [g.Values(g.Narrower(shape)), g.Longs(shape)]);
        }),
        ["Flatten"] = new(g => g.Node("Flatten", [g.Values(g.Shape(4))], ("axis", g.Pick(4)))),
        ["Gather"] = new(g =>
        {
            int axis = g.Pick(3);
            string places = g.Pick(2) == 0 ? g.Longs(1, 0, -1, 0) : g.Node("Squeeze", [g.Longs(-1)]);
            return g.Node("Gather", [g.Values(g.Shape(3)), places], ("axis", axis - (3 * g.Pick(2))));
        }),
        ["Pad"] = new(g => g.Node("Pad", [g.Values(3, g.Dim(), 3), g.Longs(1, 0, -1, 2, g.Dim(0), 1), g.Scalar(0.3)])),
        ["Reshape"] = new(g => g.Node("Reshape", [g.Values(2, g.Dim(), 6), g.Longs(0, -1, 2)])),
        ["Slice"] = new(g => g.Pick(2) == 0
            ? g.Node("Slice", [g.Values(g.Dim(), g.Dim(5, 7), g.Dim(4, 6)), g.Longs(g.Dim(0, 2), -2), g.Longs(long.MaxValue, -100), g.Longs(1, -1), g.Longs(g.Dim(1, 3), -2)])
            : g.Node("Slice", [g.Values(g.Shape(2)), g.Longs(1), g.Longs(g.Dim())])),
        ["Split"] = new(g =>
        {
            string[] parts = g.Nodes("Split", 3, [g.Values(g.Dim(), 6), g.Longs(1, 3, 2)], ("axis", -1));
            return g.Node("Concat", [parts[2], parts[0]], ("axis", 1));
        }),
        ["Squeeze"] = new(g => g.Node("Squeeze", [g.Values(g.Dim(), 1, g.Dim(), 1), g.Longs(g.Pick(2) == 0 ? [1] : [-1, 1])])),
        ["Transpose"] = new(g => g.Pick(2) == 0 ? g.Node("Transpose", [g.Values(g.Shape(4))], ("perm", new long[] { 2, 0, 3, 1 })) : g.Node("Transpose", [g.Values(g.Shape())])),
        ["Unsqueeze"] = new(g => g.Node("Unsqueeze", [g.Values(g.Shape(2)), g.Longs(0, -1)])),
        ["Resize"] = new(g => g.Node("Resize", [g.Values(g.Dim(1), g.Dim(), g.Dim(), g.Dim()), "", g.Floats(1, 1, g.Dim(1), g.Dim())])) { FloatOnly = true, Step = 0.5 },
    };

    private static Dictionary<string, RuleCase> Reductions() => new()
    {
        ["Gemm"] = new(g =>
        {
            long m = g.Dim(), k = g.Dim(), n = g.Dim();
            int a = g.Pick(2), b = g.Pick(2);
            return g.Node("Gemm", [g.Values(a == 0 ? [m, k] : [k, m]), g.Values(b == 0 ? [k, n] : [n, k]), g.Values(g.Narrower([m, n]))],
                ("transA", a), ("transB", b), ("alpha", 0.5f), ("beta", 1.5f));
        }),
        ["LogSoftmax"] = new(g => g.Node("LogSoftmax", [g.Values(g.Shape(3))], ("axis", g.Pick(6) - 3))),
        ["LpNormalization"] = new(g => g.Node("LpNormalization", [g.Values(g.Shape(3))], ("axis", g.Pick(6) - 3))),
        ["MatMul"] = new(g =>
        {
            long batch = g.Dim(), m = g.Dim(), k = g.Dim(), n = g.Dim();
            return g.Node("MatMul", [g.Values(g.Pick(2) == 0 ? [m, k] : [batch, m, k]), g.Values(g.Pick(2) == 0 ? [k, n] : [batch, k, n])]);
        }),
        ["ReduceL1"] = new(g => g.Reduced("ReduceL1")) { FloatOnly = true },
        ["ReduceL2"] = new(g => g.Reduced("ReduceL2")) { FloatOnly = true },
        ["ReduceLogSum"] = new(g => g.Reduced("ReduceLogSum", 0.2)) { FloatOnly = true },
        ["ReduceLogSumExp"] = new(g => g.Reduced("ReduceLogSumExp")),
        ["ReduceMax"] = new(g => g.Reduced("ReduceMax")),
        ["ReduceMean"] = new(g => g.Reduced("ReduceMean")),
        ["ReduceMin"] = new(g => g.Reduced("ReduceMin")),
        ["ReduceSum"] = new(g => g.Reduced("ReduceSum", since: 13)),
        ["ReduceSumSquare"] = new(g => g.Reduced("ReduceSumSquare")),
        ["Softmax"] = new(g => g.Node("Softmax", [g.Values(g.Shape(3))], ("axis", g.Pick(6) - 3))),
    };

    private static RuleCase Each(string operation, double low = -2) => new(g => g.Node(operation, [g.Between(low, 2, g.Shape())]));

    private static RuleCase Pair(string operation, double low = -2) => new(g =>
    {
        long[] shape = g.Shape();
        return g.Node(operation, [g.Values(shape), g.Between(low, 2.5, g.Narrower(shape))]);
    });

    private static RuleCase Several(string operation) => new(g =>
    {
        long[] shape = g.Shape(2);
        return g.Node(operation, [g.Values(shape), g.Values(g.Narrower(shape)), g.Fixed(shape)]);
    });

    // Its power series, exact for the few units around 0 that are asked for.
    private static double Erf(double x)
    {
        double term = x, sum = x;
        for (int n = 1; n < 80; n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }
}
